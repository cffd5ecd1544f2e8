using PimSim.Devices.Systems;
using PimSim.Experiments.Serving;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Batching;

namespace PimSim.Experiments.Techniques;

/// <summary>
/// Runs the requests of <see cref="FusedRequests"/> on a clock: in each iteration all that are under way make a token, whoever has come is read beside
/// them, whoever has ended leaves (<see cref="OrcaPolicy"/>). Numbers are means over the draws of arrivals and lengths.
/// </summary>
internal static class ServedRequests
{
    private const double PicosecondsPerMillisecond = 1e9;

    /// <summary>What the requests took.</summary>
    /// <param name="run">The run.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="model">The model.</param>
    /// <param name="newDevice">Makes what each draw runs on.</param>
    /// <param name="ranks">Devices that share the model out.</param>
    public static TechniqueResult Run(TechniqueRun run, TechniqueSettings settings, ModelShape model, Func<IDevice> newDevice, int ranks)
    {
        var plan = RequestPlan.Read(settings);
        model = model with { MaxPositions = Math.Max(model.MaxPositions, checked(run.PromptTokens + run.GeneratedTokens)) };
        List<(ServingResult Result, Counter Counter, IServingReplica Replica)> draws = [];
        for (int draw = 0; draw < plan.DifferentDraws; draw++)
        {
            IServingReplica replica = plan.IterationMilliseconds > 0
                ? new FixedReplica(new Picoseconds((long)Math.Round(plan.IterationMilliseconds * PicosecondsPerMillisecond)))
                : DeviceReplica.Create(newDevice, ranks, model);
            ServingSystem system = new()
            {
                Pool = new ReplicaPool
                {
                    Replicas = [replica],
                    Policy = new OrcaPolicy(KvReservation.Exact),
                    Limits = new ServingLimits { MaxSequences = plan.Concurrent, MaxBatchedTokens = int.MaxValue, BlockTokens = 1, Watermark = 0 },
                },
            };
            Counter counter = new();
            using OpenArrivals arrivals = new(plan.Source(run.PromptTokens, run.GeneratedTokens, (ulong)draw));
            ServingResult result = new ServingSimulation(system, arrivals, new ServingOptions { Iterations = counter }).Run();
            if (result.Rejected > 0)
            {
                throw new PimSimUserException($"{run.Technique} on {run.Model}: {result.Rejected} of {plan.Requests} requests do not fit");
            }

            draws.Add((result, counter, replica));
        }

        ModelFootprint footprint = model.Footprint(1, 1);
        return new TechniqueResult(
            plan.Requests,
            (long)Math.Round(draws.Average(draw => draw.Result.OutputTokens)),
            (int)Math.Round(draws.Average(draw => draw.Counter.Iterations)),
            draws.Average(draw => draw.Result.Makespan.Seconds),
            null,
            draws.Average(draw => draw.Replica.Ledger.TotalEnergy.Joules),
            null,
            footprint.Parameters,
            footprint.WeightBytes,
            draws.Max(draw => draw.Counter.MostBlocks) * footprint.KvBytes,
            0,
            0,
            new Dictionary<string, long>(),
            0)
        {
            MeanLatencySeconds = draws.Average(draw => draw.Result.EndToEnd!.Mean.Seconds),
        };
    }

    private sealed class Counter : IIterationSink
    {
        public int Iterations { get; private set; }

        public long MostBlocks { get; private set; }

        public void Started(in IterationRecord iteration, ReadOnlySpan<SequenceGroup> groups)
        {
            Iterations++;
            MostBlocks = Math.Max(MostBlocks, iteration.UsedBlocks);
        }
    }

    /// <summary>Every iteration takes as long: what is left are the events.</summary>
    private sealed class FixedReplica(Picoseconds iteration) : IServingReplica
    {
        public CostLedger Ledger { get; } = new(LedgerRows.Count, ["fixed"], ["fixed"]);

        public long KvCapacityTokens => 1L << 30;

        public long KvBytesPerToken => 1;

        public long ModelLengthTokens => 1L << 30;

        public Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start) => start + iteration;

        public void Rest(Picoseconds until)
        {
        }
    }
}
