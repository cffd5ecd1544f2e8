using CsCheck;
using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Experiments.Serving;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using Xunit;

namespace PimSim.Experiments.Tests.Serving;

public class PimServingTests
{
    private const string Text = """
        title: a small model in memory
        models: [gpt2-small]
        systems: [pim-gpt]
        serving:
          policy: vllm
          limits: {maxSequences: 16, maxBatchedTokens: 2048}
        requests:
          arrivals: poisson
          load: [20, 200]
          lengths: {input: {median: 20, sigma: 0.8, most: 100}, output: {least: 1, most: 30}}
          count: 40
          seed: 3
        """;

    [Fact]
    public void Tokens_and_energy_add_up_and_threads_do_not_matter()
    {
        ServingExperiment experiment = ServingExperimentTests.Read(Text);
        ServingExperimentResult one = ServingRunner.Run(experiment, 1, null, CancellationToken.None);
        ServingExperimentResult two = ServingRunner.Run(experiment, 2, null, CancellationToken.None);
        foreach ((ServingPoint a, ServingPoint b) in one.Points.Zip(two.Points))
        {
            Assert.Equal(40, a.Result.Finished);
            Assert.Equal(a.Result.OutputTokens, a.Requests.Sum(request => (long)request.OutputTokens));
            double busy = a.Result.Replicas.Sum(replica => replica.Busy.Seconds);
            Assert.Equal(busy, a.Seconds.Values.Sum(), busy * 1e-9);

            // Standby and the static power of the ASIC flow at all times; refreshes come at their interval, whoever waits: 455 ns every 6,825.
            PimMemory memory = experiment.Systems[0].Definition.Memory!;
            Assert.True(a.Joules["standby"] >= (memory.Power.Standby * a.Result.Makespan).Joules * memory.Channels);
            double refreshes = a.Joules["refresh"] / (memory.Power.Refresh.Joules * memory.Channels);
            Assert.InRange((a.Result.Makespan.Value / 6_825_000.0) - refreshes, -0.01, 2);
            Assert.Equal(a.Joules, b.Joules);
            Assert.Equal(a.Requests, b.Requests);
            Assert.Equal(a.Iterations, b.Iterations);
        }
    }

    [Fact]
    public void One_sequence_alone_takes_what_a_run_of_the_model_takes()
    {
        // 12 heads of 64 fill whole rows in a page of 1,024 tokens, so that the reserved cache of a run lies in as many rows.
        ModelShape model = Offload.Systems.Model("gpt2-small");
        DeviceReplica replica = Replica(model);
        IDevice device = Definition.CreateDevice(new PimSimulation(Accelerate: true));
        device.Load(model.Footprint(2048, 1));
        BatchSteps steps = new(model);
        Picoseconds now = default, alone = default;
        foreach (SequenceGroup group in Enumerable.Range(0, 5).Select(i => i == 0 ? new SequenceGroup(Phase.Prefill, 1, 17, 17, 1) : new(Phase.Decode, 1, 1, 17 + i, 1)))
        {
            now = replica.Run([group], now);
            alone = StepRun.On(device, steps.Build(0, [group]), alone);
            Assert.Equal(alone, now);
        }

        Assert.Equal(device.Ledger.TotalEnergy, replica.Ledger.TotalEnergy);
    }

    [Fact]
    public void A_ragged_batch_multiplies_as_often_as_its_sequences_alone() => Gen.Int[1, 1000].Array[1, 6].Sample(
        contexts =>
        {
            ModelShape model = Offload.Systems.Model("gpt2-small");
            DeviceReplica together = Replica(model);
            together.Run([.. contexts.Order().Select(Decode)], Picoseconds.Zero);
            DeviceReplica apart = Replica(model);
            Picoseconds now = default;
            foreach (int context in contexts)
            {
                now = apart.Run([Decode(context)], now);
            }

            Assert.Equal(Energy(apart, "mac-array"), Energy(together, "mac-array"));
            Assert.Equal(Energy(apart, "mac-units"), Energy(together, "mac-units"));

            static SequenceGroup Decode(int context) => new(Phase.Decode, 1, 1, context, 1);
        },
        iter: 10);

    [Fact]
    public void A_scheduler_hands_a_PIM_replica_each_context_by_itself_and_gives_it_pages()
    {
        ServingExperiment experiment = ServingExperimentTests.Read(Text.Replace("load: [20, 200]", "load: 2000", StringComparison.Ordinal));
        DeviceReplica replica = Replica(experiment.Models[0].Shape);
        Assert.True(replica.Grouping.ByContext);
        Assert.Equal((1024, 0L), (replica.KvPageTokens, replica.KvCapacityTokens % 1024));
        ServingPoint point = ServingRunner.Run(experiment, 1, null, CancellationToken.None).Points[0];
        Assert.Equal(replica.KvCapacityTokens / 1024, point.Result.Replicas[0].KvBlocks);
    }

    [Fact]
    public void Blocks_that_are_no_pages_are_refused()
    {
        ServingExperiment experiment = ServingExperimentTests.Read(Text.Replace("maxSequences: 16,", "maxSequences: 16, blockTokens: 64,", StringComparison.Ordinal));
        string fault = Assert.Throws<PimSimUserException>(() => ServingRunner.Run(experiment, 1, null, CancellationToken.None)).Message;
        Assert.Contains("block size is 64 tokens, but a replica's memory gives room for 1024 at a time", fault, StringComparison.Ordinal);
    }

    private static SystemDefinition Definition => ServingExperimentTests.Read(Text).Systems[0].Definition;

    private static DeviceReplica Replica(ModelShape model) => (DeviceReplica)DeviceReplica.Create(Definition, model, 1)[0];

    private static Energy Energy(DeviceReplica replica, string component)
    {
        int column = replica.Ledger.EnergyComponents.ToList().IndexOf(component);
        return Enumerable.Range(0, replica.Ledger.Rows).Aggregate(Simulator.Kernel.Energy.Zero, (sum, row) => sum + replica.Ledger.Energy(row, column));
    }
}
