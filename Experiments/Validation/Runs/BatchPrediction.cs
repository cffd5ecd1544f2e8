using System.Collections.Immutable;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads;
using PimSim.Workloads.Parallelism;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Validation.Runs;

/// <summary>
/// Steps of a closed batch: that of the prompts, and of the generation those at a few contexts, between which figures are taken to lie on straight
/// lines. They do but for the steps of blocks and splits in attention, a small part of a small part.
/// </summary>
public sealed class BatchPrediction
{
    private const int MostSamples = 5;

    private readonly ModelFootprint _footprint;
    private readonly Step _prompt;
    private readonly int _steps;
    private readonly ImmutableArray<(int At, Step Step)> _samples;

    /// <summary>Makes the steps for one of <paramref name="devices"/> devices.</summary>
    /// <param name="batch">What is run.</param>
    /// <param name="devices">Devices that share the model out.</param>
    /// <param name="samples">Contexts at which a step is simulated; all, if there are not more.</param>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">The model cannot be shared out like that, or the context is too long for it.</exception>
    public BatchPrediction(ClosedBatch batch, int devices, int samples = MostSamples)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 2);
        TensorParallelism parallelism = new(batch.Model, devices);
        GenerationSource whole = Source(batch, batch.PromptTokens, batch.OutputTokens);
        _footprint = parallelism.Shard(whole.Footprint);
        _prompt = parallelism.Shard(whole.Steps().First());

        // Step i of the generation, from 0, has a context of prompt + 1 + i tokens.
        _steps = batch.OutputTokens - 1;
        int count = Math.Min(samples, _steps);
        _samples =
        [
            .. from i in Enumerable.Range(0, count)
               let at = count == 1 ? 0 : (int)((long)i * (_steps - 1) / (count - 1))
               select (at, parallelism.Shard(Source(batch, batch.PromptTokens + at, 2).Steps().ElementAt(1))),
        ];
    }

    /// <summary>Runs the steps on a device that has executed nothing yet.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">The batch does not fit the device.</exception>
    public BatchFigures On(IDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        device.Load(_footprint);
        Picoseconds now = Picoseconds.Zero;
        StepFigures prompt = Run(device, _prompt, ref now);
        StepFigures sum = default;
        StepFigures before = default;
        for (int i = 0; i < _samples.Length; i++)
        {
            StepFigures here = Run(device, _samples[i].Step, ref now);
            int span = i == 0 ? 1 : _samples[i].At - _samples[i - 1].At;

            // The steps after the sample before, up to this one: a straight line's values at 1/span, 2/span ... 1.
            double ofHere = (span + 1) / 2.0;
            sum += (here * ofHere) + (before * (span - ofHere));
            before = here;
        }

        return new BatchFigures(prompt, _steps == 0 ? default : sum * (1.0 / _steps), _steps);
    }

    private static StepFigures Run(IDevice device, Step step, ref Picoseconds now)
    {
        Picoseconds start = now;
        double joules = device.Ledger.TotalEnergy.Joules;
        now = StepRun.On(device, step, start);
        OperatorCost cost = step.Cost();
        return new StepFigures((now - start).Seconds, device.Ledger.TotalEnergy.Joules - joules, cost.Flops, cost.Bytes);
    }

    private static GenerationSource Source(ClosedBatch batch, int prompt, int tokens) =>
        new(batch.Model, new Autoregressive(), new GenerationRequest(prompt, tokens, batch.Sequences));
}
