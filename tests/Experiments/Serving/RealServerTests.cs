using PimSim.Experiments.Serving;
using Xunit;

namespace PimSim.Experiments.Tests.Serving;

/// <summary>
/// Requests of a real vLLM sent to the simulated one. Of the run, the first 100 requests gave the host's cost per step; they are not compared.
/// </summary>
public class RealServerTests(ITestOutputHelper output)
{
    private const int Fitted = 100;

    [Fact]
    public void Llama_on_an_RTX_PRO_6000_takes_as_long_as_vLLM_does()
    {
        string file = SharedData.Require("realgpu/LLMServingSim/bench/examples/RTXPRO6000/Llama-3.1-8B/vllm/requests.jsonl");
        ServingExperiment experiment = ServingExperimentTests.Read($"""
            title: vLLM 0.19
            models: [llama-3.1-8b]
            systems: [rtx-pro-6000]
            serving:
              policy: sarathi
              limits:
                maxSequences: 128
                maxBatchedTokens: 2048
            requests:
              arrivals: recorded
              lengths: recorded
              trace: {file}
            """);
        ServingExperimentResult result = ServingRunner.Run(experiment, 1, null, CancellationToken.None);
        ServingPoint point = result.Points[0];
        MeasuredService measured = result.Measured!;
        var trace = (Traces.Format.Importers.ImportedBenchmark)Traces.Format.Importers.TraceImport.Open(file);
        double measuredToken = trace.Requests.OrderBy(request => request.StartNanoseconds).Skip(Fitted)
            .Average(request => (request.LatencyNanoseconds - request.TimeToFirstTokenNanoseconds) / (double)(request.OutputTokens - 1)) * 1e-9;
        double token = point.Requests.Where(request => request.Number >= Fitted).Average(request => request.TimePerOutputToken.Seconds);
        double first = point.Result.TimeToFirstToken!.Mean.Seconds;
        double tail = point.Result.TimeToFirstToken.P99.Seconds;
        double makespan = (point.Requests.Max(request => request.Finished) - point.Requests.Min(request => request.Arrival)).Seconds;
        output.WriteLine($"time per output token {token:0.00000} s, measured {measuredToken:0.00000}, error {(token / measuredToken) - 1:+0.0 %;-0.0 %}");
        output.WriteLine($"mean time to first token {first:0.000} s, measured {measured.MeanTimeToFirstTokenSeconds:0.000}, error {(first / measured.MeanTimeToFirstTokenSeconds) - 1:+0.0 %;-0.0 %}");
        output.WriteLine($"P99 time to first token {tail:0.000} s, measured {measured.P99TimeToFirstTokenSeconds:0.000}, error {(tail / measured.P99TimeToFirstTokenSeconds) - 1:+0.0 %;-0.0 %}");
        output.WriteLine($"makespan {makespan:0.00} s, measured {measured.MakespanSeconds:0.00}, error {(makespan / measured.MakespanSeconds) - 1:+0.0 %;-0.0 %}");
        Assert.Equal(measuredToken, token, 0.04 * measuredToken);
        Assert.Equal(measured.MeanTimeToFirstTokenSeconds, first, 0.15 * measured.MeanTimeToFirstTokenSeconds);
        Assert.Equal(measured.P99TimeToFirstTokenSeconds, tail, 0.15 * measured.P99TimeToFirstTokenSeconds);
        Assert.Equal(measured.MakespanSeconds, makespan, 0.03 * measured.MakespanSeconds);
    }
}
