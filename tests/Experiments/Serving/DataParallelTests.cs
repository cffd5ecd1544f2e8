using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Serving;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Experiments.Tests.Serving;

/// <summary>GPUs with requests of their own that share out the experts of a mixture.</summary>
public class DataParallelTests
{
    private const string Text = """
        title: a mixture of experts on two GPUs
        models: [qwen3-30b-a3b]
        systems: [rtx-pro-6000x2]
        serving:
          policy: sarathi
          limits: {maxSequences: 16, maxBatchedTokens: 512}
        requests:
          arrivals: constant
          load: 8
          lengths: {input: 200, output: 12}
          count: 24
        """;

    [Fact]
    public void Each_gpu_serves_half_of_equal_requests_in_the_iterations_of_both()
    {
        ServingPoint point = Assert.Single(ServingRunner.Run(ServingExperimentTests.Read(Text), 1, null, CancellationToken.None).Points);
        Assert.Equal((24, 1, 2), (point.Result.Finished, point.Replicas, point.Result.Replicas.Count));
        Assert.All([0, 1], gpu => Assert.Equal(12, point.Requests.Count(request => request.Replica == gpu)));
        foreach (IGrouping<long, Simulator.Serving.IterationRecord> together in point.Iterations.GroupBy(iteration => iteration.Start.Value))
        {
            Assert.Single(together.Select(iteration => iteration.End).Distinct());
        }

        // Both GPUs draw power from beginning to end: 35 W each, and more.
        Assert.True(point.Joules["static"] > 2 * 35 * point.Result.Makespan.Seconds);
        Assert.True(point.Joules["links"] > 0);
    }

    /// <summary>Requests that the GPUs share by halves take longer than one GPU's half alone, as the experts run for both, and less than all on one.</summary>
    [Fact]
    public void Two_gpus_are_faster_than_all_on_one_and_slower_than_half_on_two_that_share_nothing()
    {
        double two = TokenTime(Text);
        double one = TokenTime(Text.Replace("rtx-pro-6000x2", "rtx-pro-6000", StringComparison.Ordinal));
        Assert.InRange(two, 0.5 * one, one);
    }

    [Fact]
    public void A_plain_run_and_a_dense_model_are_refused_with_what_to_do()
    {
        string dense = Text.Replace("qwen3-30b-a3b", "llama-3.1-8b", StringComparison.Ordinal);
        string message = Assert.Throws<PimSimUserException>(() => ServingRunner.Run(ServingExperimentTests.Read(dense), 1, null, CancellationToken.None)).Message;
        Assert.Contains("'llama-3.1-8b' has no experts", message, StringComparison.Ordinal);
        ProblemList problems = new();
        SystemDefinition system = SystemDefinition.Read(new HardwareCatalogue(null), "rtx-pro-6000x2", [], problems)!;
        ModelShape shape = new ModelZoo([ModelZoo.ShippedFolder]).Shape("qwen3-30b-a3b");
        GenerationSource whole = new(shape, new Autoregressive(), new GenerationRequest(1, 1, 1));
        Assert.Contains("only serving experiments", Assert.Throws<PimSimUserException>(() => SharedSource.Of(whole, shape, system.Parallelism)).Message, StringComparison.Ordinal);
    }

    private static double TokenTime(string text) =>
        ServingRunner.Run(ServingExperimentTests.Read(text), 1, null, CancellationToken.None).Points[0].Result.TimePerOutputToken!.Mean.Seconds;
}
