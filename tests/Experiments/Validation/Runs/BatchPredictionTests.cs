using CsCheck;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Validation.Runs;
using PimSim.Simulator.Replay;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads;
using PimSim.Workloads.Parallelism;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Experiments.Tests.Validation.Runs;

/// <summary>Batches simulated at a few contexts, against replays of all their steps.</summary>
public class BatchPredictionTests
{
    private static readonly HardwareCatalogue Catalogue = new(null);
    private static readonly GpuParts Parts = GpuParts.Open(Catalogue, "a100-80", "vllm-2023");
    private static readonly ModelShape Model = ExperimentReader.Zoo(null).Shape("llama-3.2-1b");

    [Fact]
    public void With_all_steps_simulated_it_is_the_replay_of_all_steps() => Gen.Select(Gen.OneOf(1, 2, 4, 8), Gen.Int[1, 6], Gen.Int[1, 300], Gen.Int[1, 9]).Sample(
        (gpus, sequences, prompt, output) =>
        {
            BatchFigures figures = new BatchPrediction(new ClosedBatch(Model, sequences, prompt, output), gpus, samples: 100).On(Device(gpus));
            GpuDevice device = Device(gpus);
            ReplayResult replay = new TraceReplay(device).Run(new TensorParallelism(Model, gpus).Shard(
                new GenerationSource(Model, new Autoregressive(), new GenerationRequest(prompt, output, sequences))), cancellation: TestContext.Current.CancellationToken);
            Assert.Equal(output - 1, figures.Steps);
            Assert.Equal(1, figures.Prompt.Seconds / replay.FirstToken!.Value.Seconds, 1e-12);
            Assert.Equal(1, figures.Total.Seconds / replay.Elapsed.Seconds, 1e-12);
            Assert.Equal(1, figures.Total.Joules / device.Ledger.TotalEnergy.Joules, 1e-9);
            Assert.Equal(1, figures.Total.Flops / replay.Cost.Flops, 1e-12);
            Assert.Equal(1, figures.Total.Bytes / replay.Cost.Bytes, 1e-12);
        },
        iter: 30);

    /// <summary>The steps of blocks and splits in attention bend the lines between contexts.</summary>
    [Fact]
    public void At_five_contexts_it_is_within_one_per_cent_of_all() => Gen.Select(Gen.OneOf(1, 2, 8), Gen.Int[1, 64], Gen.Int[1, 2000], Gen.Int[2, 300]).Sample(
        (gpus, sequences, prompt, output) =>
        {
            ClosedBatch batch = new(Model, sequences, prompt, output);
            BatchFigures few = new BatchPrediction(batch, gpus).On(Device(gpus));
            BatchFigures all = new BatchPrediction(batch, gpus, samples: output).On(Device(gpus));
            Assert.Equal(all.Prompt, few.Prompt);
            Assert.Equal(1, few.Token.Seconds / all.Token.Seconds, 0.01);
            Assert.Equal(1, few.Token.Joules / all.Token.Joules, 0.01);
            Assert.Equal(1, few.Token.Flops / all.Token.Flops, 1e-9);
        },
        iter: 12);

    [Fact]
    public void A_run_of_one_token_is_its_prompt()
    {
        BatchFigures figures = new BatchPrediction(new ClosedBatch(Model, 2, 64, 1), 2).On(Device(2));
        Assert.Equal(0, figures.Steps);
        Assert.Equal(figures.Prompt, figures.Total);
    }

    [Fact]
    public void A_batch_that_does_not_fit_or_cannot_be_shared_out_is_refused()
    {
        ModelShape wide = Model with { MaxPositions = 1 << 24 };
        Assert.Contains("does not fit 'a100-80'", Assert.Throws<PimSimUserException>(() => new BatchPrediction(new ClosedBatch(wide, 64, 100_000, 2), 1).On(Device(1))).Message, StringComparison.Ordinal);
        Assert.Contains("over 3 devices", Assert.Throws<PimSimUserException>(() => new BatchPrediction(new ClosedBatch(Model, 1, 8, 2), 3)).Message, StringComparison.Ordinal);
    }

    private static GpuDevice Device(int gpus) => new(Parts.Gpu, Parts.Silicon, Parts.Stack, GpuGroup.Connect(Catalogue, Parts, gpus));
}
