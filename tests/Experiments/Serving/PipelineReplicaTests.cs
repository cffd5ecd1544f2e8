using CsCheck;
using PimSim.Devices.Gpu;
using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;
using PimSim.Experiments.Running;
using PimSim.Experiments.Serving;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using PimSim.Workloads.Parallelism;
using Xunit;

namespace PimSim.Experiments.Tests.Serving;

public sealed class PipelineReplicaTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-pipeline-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 3)]
    [InlineData(2, 2)]
    [InlineData(2, 4)]
    public void One_batch_takes_the_sum_of_its_stages_and_of_what_they_send(int tensor, int stages)
    {
        ModelShape model = Offload.Systems.Model("llama-3-8b");
        SystemDefinition system = Open(tensor, stages);
        IServingReplica replica = DeviceReplica.Create(system, model, 1)[0];
        Assert.Equal(stages, replica.BatchesInFlight);
        SequenceGroup[] groups = [new(Phase.Decode, 9, 1, 9_000, 9), new(Phase.Prefill, 1, 100, 100, 1)];
        Picoseconds end = replica.Run(groups, new Picoseconds(77));

        // Every stage is a step of its own on GPUs that know nothing of the others; the host works once.
        PipelineParallelism parallelism = new(model, tensor, stages);
        Step[] parts = parallelism.Cut(new BatchSteps(model).Build(0, groups));
        Picoseconds sum = default;
        Picoseconds host = default;
        foreach (Step part in parts)
        {
            IDevice alone = Open(tensor, 1).CreateDevice(new PimSimulation(true));
            Picoseconds now = alone.BeginStep(part, Picoseconds.Zero);
            foreach (StepBlock block in part.Blocks)
            {
                for (int instance = 0; instance < block.Repeat; instance++)
                {
                    foreach (Operator op in block.Operators.Where(op => op.Collective != CollectiveKind.SendReceive))
                    {
                        now = alone.Execute(op, instance, now);
                    }
                }
            }

            sum += now;
            host = alone.EndStep(part, now) - now;
        }

        Picoseconds sent = Sent((GpuPipeline)system.CreateDevice(new PimSimulation(true)), parts[0]);
        Assert.True(sent > Picoseconds.Zero);
        Assert.Equal(new Picoseconds(77) + sum + (sent * (stages - 1)) + host, end);

        // A run of the model takes the same.
        IDevice device = system.CreateDevice(new PimSimulation(true));
        device.Load(parallelism.Shard(model.Footprint(2_000, 1)));
        Assert.Equal(end, StepRun.On(device, parallelism.Shard(new BatchSteps(model).Build(0, groups)), new Picoseconds(77)));
        Assert.Equal(end - new Picoseconds(77), device.Ledger.TotalTime);
    }

    [Fact]
    public void Batches_in_flight_use_every_stage_one_after_another_in_their_order() => Gen.Select(Gen.Int[2, 4], Gen.Select(Gen.Int[1, 60], Gen.Int[100, 3000], Gen.Long[0, 20_000_000_000]).Array[1, 8]).Sample(
        (stages, batches) =>
        {
            ModelShape model = Offload.Systems.Model("llama-3-8b");
            SystemDefinition system = Open(1, stages);
            IServingReplica replica = DeviceReplica.Create(system, model, 1)[0];
            PipelineParallelism parallelism = new(model, 1, stages);
            var probe = (GpuPipeline)system.CreateDevice(new PimSimulation(true));
            Picoseconds[] free = new Picoseconds[stages], links = new Picoseconds[stages];
            Picoseconds host = default, start = default, last = default;
            foreach ((int sequences, int context, long wait) in batches)
            {
                start += new Picoseconds(wait);
                SequenceGroup[] groups = [new(Phase.Decode, sequences, 1, (long)sequences * context, sequences)];
                Step[] parts = parallelism.Cut(new BatchSteps(model).Build(0, groups));
                Picoseconds now = start;
                for (int stage = 0; stage < stages; stage++)
                {
                    now = free[stage] = Picoseconds.Max(now, free[stage]) + Alone(system, stage, parts[stage]);
                    now = stage + 1 == stages ? now : links[stage] = Picoseconds.Max(now, links[stage]) + Sent(probe, parts[stage]);
                }

                host = Picoseconds.Max(host, now) + (probe.RunHost(false, sequences, Picoseconds.Zero) - Picoseconds.Zero);
                last = replica.Run(groups, start);
                Assert.Equal(host, last);
            }

            // All GPUs draw their static power all the time, whoever of them works.
            replica.Rest(last);
            int column = replica.Ledger.EnergyComponents.ToList().IndexOf("static");
            Energy drawn = Enumerable.Range(0, replica.Ledger.Rows).Aggregate(new Energy(0), (sum, row) => sum + replica.Ledger.Energy(row, column));
            IDevice one = Open(1, 1).CreateDevice(new PimSimulation(true));
            one.Rest(last * stages);
            Assert.Equal(one.Ledger.TotalEnergy, drawn);
        },
        iter: 12,
        threads: 1);

    [Fact]
    public void The_cache_has_the_room_that_the_tightest_stage_leaves()
    {
        // The last of three stages has one layer less and the head; the first has the table.
        ModelShape model = Offload.Systems.Model("llama-3-8b");
        long tokens = DeviceReplica.Create(Open(1, 3), model, 1)[0].KvCapacityTokens;
        PipelineParallelism parallelism = new(model, 1, 3);
        IDevice device = Open(1, 3).CreateDevice(new PimSimulation(true));
        device.Load(parallelism.Shard(model.Footprint((int)tokens, 1)));
        Assert.Contains("stage 1 of 3, 11 layers", Assert.Throws<PimSimUserException>(() => device.Load(parallelism.Shard(model.Footprint((int)tokens + 1, 1)))).Message, StringComparison.Ordinal);
        long layer = 2L * 2 * model.KvWidth;
        long weights = model.Footprint(1, 1).Parameters - (2L * model.Vocab * model.Hidden) - model.Hidden;
        long left = (long)(80L * (1 << 30) * 0.9) - (2 * ((weights / 32 * 11) + ((long)model.Vocab * model.Hidden)));
        Assert.InRange(tokens, (left / (11 * layer)) - 1, (left / (11 * layer)) + 1);
    }

    [Theory]
    [InlineData("{tensor: 2, pipeline: 3}", "'tensor' x 'data' x 'pipeline' must be the system's 4 GPUs, not 2 x 1 x 3 GPUs")]
    [InlineData("{tensor: 3}", "'tensor' x 'data' must be the system's 4 GPUs, not 3 x 1 GPUs")]
    [InlineData("{pipeline: 0}", "parallelism.pipeline: 0 is out of range")]
    [InlineData("{pipelines: 2}", "unknown key 'pipelines'; did you mean 'pipeline'?")]
    public void What_cannot_be_shared_out_is_said_with_its_place(string parallelism, string message)
    {
        ProblemList problems = new();
        Write(4, parallelism);
        Assert.Null(SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [], problems));
        Assert.Contains(problems.Problems, problem => problem.ToString().Contains("mine.yaml:6:", StringComparison.Ordinal) && problem.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_the_key_all_GPUs_share_out_every_layer_and_one_of_its_numbers_follows_from_the_other()
    {
        Assert.Equal((4, 1), Shares(null));
        Assert.Equal((2, 2), Shares("{pipeline: 2}"));
        Assert.Equal((4, 1), Shares("{tensor: 4}"));
        Assert.Equal((1, 4), Shares("{tensor: 1, pipeline: 4}"));
    }

    /// <summary>Stages divide a model's layers: all of them together do its work once.</summary>
    [Fact]
    public void Stages_do_the_work_of_the_model_once()
    {
        Open(1, 4);
        PointResult[] points = [.. ExperimentText.Read(
            $"title: t\ncatalogue: {_folder}\nmodels: [gpt2-small]\nsystems: [h100, mine]\npromptTokens: 9\ngeneratedTokens: 3\n",
            path => ExperimentRunner.Run(ExperimentReader.Read(path, ExperimentSelection.All), new RunSettings(new PimSimulation(true), 1), CancellationToken.None)).Points];
        Assert.Equal(points[0].Flops, points[1].Flops);

        // Beside the bytes of one GPU there are those that stages send.
        Assert.InRange(points[1].TraceBytes, points[0].TraceBytes, points[0].TraceBytes * 1.01);
    }

    private static Picoseconds Alone(SystemDefinition system, int stage, Step part) => ((GpuPipeline)system.CreateDevice(new PimSimulation(true))).RunStage(stage, part, Picoseconds.Zero);

    private static Picoseconds Sent(GpuPipeline device, Step part) => device.Send(part.Blocks[^1].Operators[0], Picoseconds.Zero);

    private (int Tensor, int Pipeline) Shares(string? parallelism)
    {
        ProblemList problems = new();
        Write(4, parallelism);
        SystemDefinition system = SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [], problems)!;
        Assert.Empty(problems.Problems);
        return (system.Ranks, system.Parallelism.Pipeline);
    }

    private SystemDefinition Open(int tensor, int pipeline)
    {
        ProblemList problems = new();
        Write(tensor * pipeline, $"{{tensor: {tensor}, pipeline: {pipeline}}}");
        SystemDefinition? system = SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [], problems);
        problems.ThrowIfAny();
        return system!;
    }

    private void Write(int gpus, string? parallelism)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "systems"));
        string[] lines = ["kind: system", "summary: A test.", "type: gpu", "gpu: h100-sxm", $"gpus: {gpus}", parallelism is null ? "" : $"parallelism: {parallelism}", "stack: vllm-0.14", "price: h100-sxm", ""];
        File.WriteAllText(Path.Combine(_folder, "systems", "mine.yaml"), string.Join('\n', lines));
    }
}
