using System.Globalization;
using PimSim.Experiments.Serving;
using PimSim.Traces.Format.Documents;

namespace PimSim.Cli;

/// <summary>One <c>pimsim run</c> of a serving experiment: reads, simulates, and writes the report.</summary>
internal static class ServingSession
{
    public static ServingExperimentResult Run(RunRequest request, CancellationToken cancellation)
    {
        if (request.CommandsFile is not null || request.Check || request.Exact || request.Selection.Models.Count > 0 || request.Selection.Systems.Count > 0 || request.Selection.Tokens is not null)
        {
            throw new PimSimUserException($"{request.ExperimentFile} is a serving experiment: of the options only --out and --threads go with it");
        }

        ServingExperiment experiment = ServingExperimentReader.Read(request.ExperimentFile);
        ServingExperimentResult result = ServingRunner.Run(experiment, request.Threads, null, cancellation);
        foreach (ServingPoint p in result.Points)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{p.System} {p.Model} load {p.RequestsPerSecond} finished {p.Result.Finished} rejected {p.Result.Rejected} makespan {p.Result.Makespan.Seconds:0.0} ttft p50 {p.Result.TimeToFirstToken?.P50.Seconds:0.000} p99 {p.Result.TimeToFirstToken?.P99.Seconds:0.000} tpot mean {p.Result.TimePerOutputToken?.Mean.Seconds:0.0000} tok/s {p.Result.OutputTokensPerSecond:0} J/tok {p.JoulesPerToken:0.000} $/M {p.DollarsPerMillionTokens:0.00} batch {p.Result.Replicas[0].MeanBatch:0.0} util {p.Result.Replicas[0].Utilisation(p.Result.Makespan):0.00} iters {p.Result.Replicas.Sum(r => r.Iterations)} good {p.Result.GoodputPerSecond:0.00}"));
        }

        return result;
    }
}
