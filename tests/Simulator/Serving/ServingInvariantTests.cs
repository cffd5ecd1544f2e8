using CsCheck;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Simulator.Tests.Serving;

public class ServingInvariantTests
{
    [Fact]
    public void Every_request_finishes_once_or_is_rejected_for_a_reason_that_holds() => RandomServing.Any.Sample(serving =>
    {
        (ServingResult result, ServingLog log) = serving.Run();
        Assert.Equal(
            Enumerable.Range(0, serving.Requests.Length).Select(i => (long)i),
            log.Served.Select(r => r.Number).Concat(log.Refused.Select(r => r.Number)).Order());
        Assert.Equal(serving.Requests.Length, result.Requests);
        Assert.Equal(log.Served.Count, result.Finished);
        Assert.Equal(log.Refused.Count, result.Rejected);
        foreach (RejectedRequest refused in log.Refused)
        {
            long total = refused.InputTokens + refused.OutputTokens;
            Assert.True(refused.Reason switch
            {
                RejectionReason.Empty => refused.InputTokens == 0 || refused.OutputTokens == 0,
                RejectionReason.LongerThanModel => total > serving.ModelTokens,
                _ => serving.Rule.KeptTokens(total + serving.Rows - 1) > serving.Capacity / serving.Limits.BlockTokens * serving.Limits.BlockTokens,
            });
        }

        Assert.All(log.Served, r => Assert.True(r.InputTokens > 0 && r.OutputTokens > 0 && r.InputTokens + r.OutputTokens <= serving.ModelTokens));
    });

    [Fact]
    public void Tokens_add_up() => RandomServing.Any.Sample(serving =>
    {
        (ServingResult result, ServingLog log) = serving.Run();
        Assert.Equal(log.Served.Sum(r => (long)r.OutputTokens), result.OutputTokens);
        Assert.Equal(log.Served.Sum(r => (long)r.InputTokens), result.InputTokens);
        Assert.All(log.Served, r => Assert.Equal((serving.Requests[r.Number].InputTokens, serving.Requests[r.Number].OutputTokens), (r.InputTokens, r.OutputTokens)));
        long prefilled = log.Groups.SelectMany(g => g).Where(g => g.Phase == Phase.Prefill).Sum(g => (long)g.Sequences * g.NewTokens);
        long sampledByPrefill = log.Groups.SelectMany(g => g).Where(g => g.Phase == Phase.Prefill).Sum(g => (long)g.Sampled);
        long decoded = log.Groups.SelectMany(g => g).Where(g => g.Phase == Phase.Decode).Sum(g => (long)g.Sequences);
        long lost = log.Served.Sum(r => (long)r.Preemptions);
        Assert.Equal(lost, result.Replicas.Sum(r => r.Preemptions));
        if (lost == 0)
        {
            Assert.Equal(result.InputTokens - result.PrefixHitTokens, prefilled);
            Assert.Equal(result.Finished, sampledByPrefill);
        }

        if (serving.Rows == 1)
        {
            Assert.Equal(result.OutputTokens, sampledByPrefill + decoded);
        }

        Assert.All(log.Groups.SelectMany(g => g), g => Assert.True(g.Sequences > 0 && g.NewTokens > 0 && g.ContextTokens > 0 && g.Sampled <= g.Sequences));
        Assert.Equal(log.Iterations.Sum(i => (long)i.Tokens), log.Groups.SelectMany(g => g).Sum(g => (long)g.Sequences * g.NewTokens));
        Assert.Equal(log.Iterations.Sum(i => (long)i.Sequences), log.Groups.SelectMany(g => g).Sum(g => (long)g.Sequences));
    });

    [Fact]
    public void Memory_is_never_overcommitted_and_free_at_the_end() => RandomServing.Any.Sample(serving =>
    {
        (ServingResult result, ServingLog log) = serving.Run();
        int blocks = serving.Capacity / serving.Limits.BlockTokens;
        Assert.All(log.Iterations, i => Assert.InRange(i.UsedBlocks, 0, blocks));
        bool shares = serving.Limits.PrefixBlockTokens > 0;
        for (int i = 0; i < log.Iterations.Count; i++)
        {
            // What the iteration reads must lie in blocks that are in use; shared blocks are counted once only.
            long context = log.Groups[i].Sum(g => g.ContextTokens);
            Assert.True(shares || context <= (long)log.Iterations[i].UsedBlocks * serving.Limits.BlockTokens);
        }

        Assert.All(result.Replicas, r => Assert.Equal(0, r.KvBlocksInUseAtEnd));
        Assert.All(result.Replicas, r => Assert.InRange(r.KvOccupancy.Peak, 0, 1));
    });

    [Fact]
    public void A_replica_runs_one_iteration_at_a_time_within_its_limits() => RandomServing.Any.Sample(serving =>
    {
        (ServingResult result, ServingLog log) = serving.Run();
        Assert.All(serving.Fakes, fake => Assert.False(fake.Overlapped));
        foreach (IGrouping<int, IterationRecord> replica in log.Iterations.GroupBy(i => i.Replica))
        {
            var free = Picoseconds.Zero;
            foreach (IterationRecord iteration in replica)
            {
                Assert.True(iteration.Start >= free);
                free = iteration.End;
            }

            Assert.Equal(replica.Sum(i => (i.End - i.Start - i.Swap).Value), result.Replicas[replica.Key].Busy.Value);
            Assert.Equal(serving.Fakes[replica.Key].Ledger.TotalTime, result.Replicas[replica.Key].Busy);
        }

        // With vLLM one long prompt may exceed the tokens, alone; with chunks none may; static batches and Orca have no such limit.
        Assert.All(log.Iterations, i => Assert.True(i.Sequences <= serving.Limits.MaxSequences));
        Assert.All(log.Iterations, i => Assert.True(serving.Policy < 2 || i.Tokens <= serving.Limits.MaxBatchedTokens || (i.Sequences == 1 && serving.Policy == 2)));
    });

    [Fact]
    public void Nothing_happens_before_its_cause() => RandomServing.Any.Sample(serving =>
    {
        (ServingResult result, ServingLog log) = serving.Run();
        foreach (RequestRecord r in log.Served)
        {
            Assert.True(serving.ClosedUsers > 0 || r.Arrival.Value == serving.Requests[r.Number].ArrivalNanoseconds * 1000);
            Assert.True(r.Arrival <= r.Admitted);
            Assert.True(r.Admitted < r.FirstToken);
            Assert.True(r.OutputTokens == 1 ? r.FirstToken == r.Finished : r.FirstToken < r.Finished);
        }

        if (log.Served.Count > 0)
        {
            Assert.Equal(log.Served.Max(r => r.Finished) - log.Served.Select(r => r.Arrival).Concat(log.Refused.Select(r => r.Arrival)).Min(), result.Makespan);
        }
    });

    [Fact]
    public void Metrics_are_those_of_the_records() => RandomServing.Any.Sample(serving =>
    {
        ServiceLevels levels = new(new(60_000), new(15_000));
        (ServingResult result, ServingLog log) = serving.Run(levels);
        CheckSummary([.. log.Served.Select(r => (r.FirstToken - r.Arrival).Value)], result.TimeToFirstToken);
        CheckSummary([.. log.Served.Select(r => (r.Finished - r.Arrival).Value)], result.EndToEnd);
        CheckSummary([.. log.Served.Where(r => r.OutputTokens > 1).Select(r => (r.Finished - r.FirstToken).Value / (r.OutputTokens - 1))], result.TimePerOutputToken);
        Assert.Equal(
            log.Served.Count(r => (r.FirstToken - r.Arrival).Value <= 60_000 && (r.OutputTokens == 1 || (r.Finished - r.FirstToken).Value / (r.OutputTokens - 1) <= 15_000)),
            result.WithinServiceLevels);
        if (serving.Rows == 1)
        {
            Assert.Equal(result.OutputTokens - result.Finished, result.TimeBetweenTokens?.Count ?? 0);
        }

        Assert.Equal(serving.DecodeReplicas == 0 ? 0 : log.Served.Where(r => r.OutputTokens > 1).Sum(r => serving.Rule.KeptTokens(r.InputTokens) * 100), result.MovedBytes);
    });

    [Fact]
    public void The_same_seed_gives_the_same_bytes() => RandomServing.Any.Sample(serving =>
        Assert.Equal(serving.Run().Log.Text(), serving.Run().Log.Text()));

    [Fact]
    public void The_random_systems_do_preempt_share_swap_and_move()
    {
        // The properties above would hold for a simulator that never came into trouble.
        long preemptions = 0;
        long hits = 0;
        long swapped = 0;
        long moved = 0;
        RandomServing.Any.Sample(
            serving =>
            {
                ServingResult result = serving.Run().Result;
                Interlocked.Add(ref preemptions, result.Replicas.Sum(r => r.Preemptions));
                Interlocked.Add(ref hits, result.PrefixHitTokens);
                Interlocked.Add(ref swapped, result.Replicas.Sum(r => r.SwappedBytes));
                Interlocked.Add(ref moved, result.MovedBytes);
            },
            iter: 300,
            seed: "0000000000000");
        Assert.True(preemptions > 0 && hits > 0 && swapped > 0 && moved > 0, $"{preemptions} {hits} {swapped} {moved}");
    }

    private static void CheckSummary(long[] times, LatencySummary? summary)
    {
        if (times.Length == 0)
        {
            Assert.Null(summary);
            return;
        }

        Assert.NotNull(summary);
        Assert.Equal(times.Max(), summary.Maximum.Value);
        Assert.Equal(times.Sum() / times.Length, summary.Mean.Value);

        // Independent statement of the nearest rank: the smallest that enough do not exceed.
        Assert.Equal(times.Order().First(t => times.Count(u => u <= t) * 100 >= times.Length * 50), summary.P50.Value);
        Assert.Equal(times.Order().First(t => times.Count(u => u <= t) * 100 >= times.Length * 90), summary.P90.Value);
        Assert.Equal(times.Order().First(t => times.Count(u => u <= t) * 100 >= times.Length * 99), summary.P99.Value);
    }
}
