using CsCheck;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Serving;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Experiments.Tests.Serving;

public class ServingExperimentTests
{
    private static readonly string[] Policies = ["vllm", "sarathi", "orca", "static"];

    private const string Text = """
        title: a small model on a GPU
        models: [gpt2-small]
        systems: [t4]
        serving:
          policy: vllm
          replicas: 2
          limits: {maxSequences: 16, maxBatchedTokens: 2048}
          serviceLevels: {timeToFirstToken: 1 s, timePerOutputToken: 50 ms}
        requests:
          arrivals: poisson
          load: [20, 40]
          lengths: {input: {median: 60, sigma: 0.8, most: 400}, output: {least: 1, most: 60}}
          count: 60
          seed: 3
        """;

    [Fact]
    public void The_result_does_not_depend_on_the_threads()
    {
        ServingExperiment experiment = Read(Text);
        ServingExperimentResult one = ServingRunner.Run(experiment, 1, null, CancellationToken.None);
        ServingExperimentResult two = ServingRunner.Run(experiment, 2, null, CancellationToken.None);
        Assert.Equal(2, one.Points.Count);
        for (int i = 0; i < one.Points.Count; i++)
        {
            Assert.Equal(one.Points[i].Requests, two.Points[i].Requests);
            Assert.Equal(one.Points[i].Iterations, two.Points[i].Iterations);
            Assert.Equal(one.Points[i].Joules, two.Points[i].Joules);
            Assert.Equal(one.Points[i].Result.Makespan, two.Points[i].Result.Makespan);
        }
    }

    [Fact]
    public void Devices_are_booked_for_the_whole_time_and_their_parts_add_up() => Gen.Select(Gen.Int[1, 3], Gen.Int[0, 2], Gen.Int[0, 3].Select(i => Policies[i])).Sample(
        (replicas, decode, policy) =>
        {
            // A static pool of tokens takes no one who comes later.
            string pools = decode > 0 && policy != "static" ? $"replicas: {replicas}\n  decodeReplicas: {decode}\n  kvLink: {{bandwidth: 20 GB/s, latency: 5 us}}" : $"replicas: {replicas}";
            ServingExperiment experiment = Read(Text.Replace("replicas: 2", pools, StringComparison.Ordinal).Replace("policy: vllm", $"policy: {policy}", StringComparison.Ordinal));
            foreach (ServingPoint point in ServingRunner.Run(experiment, 1, null, CancellationToken.None).Points)
            {
                Assert.Equal(60, point.Result.Finished + point.Result.Rejected);
                Assert.Equal(point.Result.Finished, point.Requests.Count);
                Assert.Equal(point.Result.OutputTokens, point.Requests.Sum(request => (long)request.OutputTokens));

                // Ledgers hold the time of iterations only; their energy goes on between them, at 17 W and more for each T4.
                double busy = point.Result.Replicas.Sum(replica => (replica.Busy - replica.Swapping).Seconds);
                Assert.Equal(busy, point.Seconds.Values.Sum(), busy * 1e-9);
                Assert.True(point.Joules["static"] >= 10 * point.Replicas * point.Result.Makespan.Seconds);
                Assert.Equal(point.TotalJoules, point.Joules.Values.Sum(), 1e-9);
                Assert.Equal(point.TotalJoules / point.Result.OutputTokens, point.JoulesPerToken!.Value, 1e-9);
            }
        },
        iter: 12);

    [Fact]
    public void A_replica_that_waits_draws_static_power()
    {
        ServingPoint busy = ServingRunner.Run(Read(Text.Replace("load: [20, 40]", "load: 1000", StringComparison.Ordinal)), 1, null, CancellationToken.None).Points[0];
        ServingPoint idle = ServingRunner.Run(Read(Text.Replace("load: [20, 40]", "load: 0.5", StringComparison.Ordinal)), 1, null, CancellationToken.None).Points[0];
        double power = (idle.Joules["static"] - busy.Joules["static"]) / (idle.Result.Makespan - busy.Result.Makespan).Seconds;
        Assert.Equal(idle.Joules["static"] / idle.Result.Makespan.Seconds, power, power * 0.001);
    }

    [Theory]
    [InlineData("policy: vllm", "policy: vlm", "'vlm' is not known; did you mean 'vllm'?")]
    [InlineData("replicas: 2", "replicas: 0", "0 is out of range")]
    [InlineData("load: [20, 40]", "users: 3", "goes with closed-loop arrivals only")]
    [InlineData("load: [20, 40]", "load: [20, 20]", "a load is listed twice")]
    [InlineData("load: [20, 40]", "load: 0", "a rate of 0 requests per second")]
    [InlineData("arrivals: poisson", "arrivals: recorded", "recorded arrivals need a 'trace'")]
    [InlineData("arrivals: poisson", "arrivals: at-once", "which have no rate")]
    [InlineData("count: 60", "trace: nowhere.csv", "nowhere.csv")]
    [InlineData("replicas: 2", "kvLink: {bandwidth: 1 GB/s}", "goes with 'decodeReplicas'")]
    [InlineData("replicas: 2", "decodeReplicas: 1", "'kvLink' is missing")]
    [InlineData("replicas: 2", "policy2: 2", "unknown key 'policy2'")]
    [InlineData("policy: vllm", "policy: orca\n  swapBandwidth: 20 GB/s", "never swaps")]
    [InlineData("sigma: 0.8, ", "", "'sigma' is missing")]
    [InlineData("count: 60", "", "a stream of requests without end")]
    public void What_is_wrong_is_said_with_its_place(string right, string wrong, string message)
    {
        string fault = Assert.Throws<PimSimUserException>(() => Read(Text.Replace(right, wrong, StringComparison.Ordinal))).Message;
        Assert.Contains(message, fault, StringComparison.Ordinal);
        Assert.Contains(".yaml:", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("models: [gpt2-small]", "models: [llama-2-70b]", "does not fit")]
    public void What_cannot_serve_is_said_before_anything_runs(string right, string wrong, string message)
    {
        ServingExperiment experiment = Read(Text.Replace(right, wrong, StringComparison.Ordinal));
        string fault = Assert.Throws<PimSimUserException>(() => ServingRunner.Check(experiment)).Message;
        Assert.Contains(message, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_cannot_serve_is_said_at_once()
    {
        string text = Text.Replace("[gpt2-small]", "[gpt2-small, llama-2-70b]", StringComparison.Ordinal).Replace("[t4]", "[t4, pim-gpt, a100]", StringComparison.Ordinal);
        string[] faults = Assert.Throws<PimSimUserException>(() => ServingRunner.Check(Read(text))).Message.Split(Environment.NewLine);
        Assert.Equal(3, faults.Length);
        Assert.StartsWith("t4: 'llama-2-70b' does not fit", faults[0], StringComparison.Ordinal);
        Assert.StartsWith("pim-gpt: ", faults[1], StringComparison.Ordinal);
        Assert.StartsWith("a100: 'llama-2-70b' does not fit", faults[2], StringComparison.Ordinal);
        ServingRunner.Check(Read(Text));
    }

    [Fact]
    public void What_serves_badly_under_the_limits_is_said_before_anything_runs()
    {
        ServingExperiment experiment = Read(Text.Replace("maxBatchedTokens: 2048", "maxBatchedTokens: 8", StringComparison.Ordinal));
        Assert.Contains("token", Assert.Throws<PimSimUserException>(() => ServingRunner.Check(experiment)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("t4", 2)]
    [InlineData("xeon-6154", 4)]
    public void A_cache_is_as_large_as_the_stack_stores_it(string name, int bytesPerNumber)
    {
        ProblemList problems = new();
        SystemDefinition system = SystemDefinition.Read(new HardwareCatalogue(null), name, [], problems)!;
        ModelShape model = ExperimentReader.Zoo(null).Shape("gpt2-small");
        Assert.Equal(2L * 12 * 768 * bytesPerNumber, DeviceReplica.Create(system, model, 1)[0].KvBytesPerToken);
    }

    [Fact]
    public void A_file_is_read_once()
    {
        string path = Path.Combine(Path.GetTempPath(), $"pimsim-{Guid.NewGuid():N}.yaml");
        File.WriteAllText(path, Text);
        var file = ExperimentFile.Open(path);
        File.Delete(path);
        Assert.True(file.IsServing);
        Assert.Equal(Read(Text).InputHash, ServingExperimentReader.Read(file).InputHash);
    }

    [Fact]
    public void Users_of_a_closed_loop_wait_for_their_answers()
    {
        string text = Text.Replace("arrivals: poisson", "arrivals: closed-loop", StringComparison.Ordinal).Replace("load: [20, 40]", "users: 2\n  think: 10 ms", StringComparison.Ordinal);
        ServingPoint point = ServingRunner.Run(Read(text), 1, null, CancellationToken.None).Points[0];
        Assert.Null(point.RequestsPerSecond);
        foreach (Picoseconds now in point.Requests.Select(request => request.Arrival))
        {
            Assert.True(point.Requests.Count(request => request.Arrival <= now && request.Finished > now) <= 2);
        }
    }

    [Theory]
    [InlineData("title: a", "qqqqqqqqqqqqqqqq: 1\ntitle: a", "")]
    [InlineData("policy: vllm", "qqqqqqqqqqqqqqqq: 1", "serving")]
    [InlineData("arrivals: poisson", "arrivals: poisson\n  qqqqqqqqqqqqqqqq: 1", "requests")]
    [InlineData("maxSequences: 16,", "maxSequences: 16, qqqqqqqqqqqqqqqq: 1,", "serving.limits")]
    public void The_schema_knows_the_keys_that_the_reader_knows(string right, string wrong, string section)
    {
        // The reader lists what it knows when it meets a key that resembles nothing.
        string message = Assert.Throws<PimSimUserException>(() => Read(Text.Replace(right, wrong, StringComparison.Ordinal))).Message;
        ExperimentText.AssertSchemaHasKeysOf("serving.schema.json", section, message);
    }

    internal static ServingExperiment Read(string text) => ExperimentText.Read(text, path =>
    {
        var file = ExperimentFile.Open(path);
        Assert.True(file.IsServing);
        return ServingExperimentReader.Read(file);
    });
}
