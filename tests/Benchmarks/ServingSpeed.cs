using System.Diagnostics;
using System.Globalization;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Arrivals;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Requests;

namespace PimSim.Benchmarks;

/// <summary>
/// The serving simulation alone: the lengths of an Azure trace over and over, all requests at time 0, so that the queue is as long as
/// the load, and replicas whose iterations cost a sum.
/// </summary>
internal static class ServingSpeed
{
    private const long CapacityTokens = 400_000;
    private const long ModelTokens = 16_384;

    public static void Measure(string lengths, string policyName, int requests, int replicas)
    {
        ISchedulingPolicy policy = policyName switch
        {
            "static" => new StaticBatchPolicy(KvReservation.Exact),
            "orca" => new OrcaPolicy(KvReservation.Exact),
            "vllm" => new VllmPolicy(),
            "sarathi" => new SarathiPolicy(),
            _ => throw new ArgumentException($"policy {policyName}; static, orca, vllm or sarathi"),
        };
        Request[] azure = [.. ((IRequestSource)TraceImport.Open(lengths, ImportFormat.Azure)).Requests()];
        RepeatedLengths source = new(azure, requests);
        ReplicaPool pool = new()
        {
            Replicas = [.. Enumerable.Range(0, replicas).Select(_ => new LinearReplica())],
            Policy = policy,
            Limits = new() { MaxSequences = 256 },
        };
        using Process process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        using OpenArrivals arrivals = new(source);
        ServingResult result = new ServingSimulation(new() { Pool = pool }, arrivals).Run();
        process.Refresh();
        double seconds = (process.TotalProcessorTime - before).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{policyName}, {requests} requests, {replicas} replicas: {result.OutputTokens} tokens, {result.Replicas.Sum(r => r.Iterations)} iterations of {result.Replicas.Average(r => r.MeanBatch):F0}, {seconds:F2} CPU s, {result.OutputTokens / seconds / 1e6:F2} million tokens/s, {result.Replicas.Sum(r => r.Preemptions)} preemptions, peak {process.PeakWorkingSet64 >> 20} MiB"));
    }

    private sealed class RepeatedLengths(Request[] requests, int count) : IRequestSource
    {
        public IEnumerable<Request> Requests()
        {
            for (int i = 0; i < count; i++)
            {
                yield return requests[i % requests.Length] with { ArrivalNanoseconds = 0 };
            }
        }
    }

    private sealed class LinearReplica : IReplica
    {
        public CostLedger Ledger { get; } = new(1, ["time"], []);

        public long KvCapacityTokens => CapacityTokens;

        public long KvBytesPerToken => 131_072;

        public long ModelLengthTokens => ModelTokens;

        public Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start)
        {
            long picoseconds = 5_000_000_000;
            foreach (SequenceGroup group in groups)
            {
                picoseconds += (20_000_000L * group.Sequences * group.NewTokens) + (20_000 * group.ContextTokens);
            }

            Ledger.Add(0, 0, new Picoseconds(picoseconds));
            return start + new Picoseconds(picoseconds);
        }
    }
}
