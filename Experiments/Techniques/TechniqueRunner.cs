using System.Collections.Concurrent;
using PimSim.Devices.Gpu;
using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads;
using PimSim.Workloads.Models;
using PimSim.Workloads.Parallelism;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Techniques;

/// <summary>Runs techniques on hardware. Equal runs are simulated once. Thread-safe.</summary>
/// <param name="hardware">Devices, stacks and systems by name.</param>
/// <param name="models">Decoders by name.</param>
/// <param name="networks">Other models by name.</param>
/// <param name="techniques">Techniques by name.</param>
/// <param name="systems">Systems of an experiment by label, which come before those of the catalogue.</param>
public sealed class TechniqueRunner(
    HardwareCatalogue hardware, ModelZoo models, NetworkZoo networks, TechniqueCatalogue techniques, IReadOnlyDictionary<string, SystemDefinition>? systems = null)
{
    /// <summary>Rows that a PIM system multiplies at most, as it simulates each of them command by command; null for any number.</summary>
    public long? MostPimRows { get; init; }

    private readonly ConcurrentDictionary<TechniqueRun, Lazy<TechniqueResult>> _results = new();

    /// <summary>What a run took.</summary>
    /// <exception cref="PimSimUserException">A name is unknown, the model does not fit, or technique and model do not go together.</exception>
    public TechniqueResult Result(TechniqueRun run) => _results.GetOrAdd(run, key => new Lazy<TechniqueResult>(() => Simulate(key))).Value;

    private TechniqueResult Simulate(TechniqueRun run)
    {
        TechniqueEntry technique = techniques.Get(run.Technique);
        TechniqueSettings settings = technique.Settings.With(run.Changes());
        (Func<IDevice> newDevice, SystemParallelism sharing, Price? price) = Open(run.Hardware);
        if (technique.Program.HasArrivals)
        {
            if (!sharing.IsTensorAlone)
            {
                throw new PimSimUserException($"{run.Technique}: its requests run on GPUs that share out a model by 'tensor' alone; {run.Hardware.Text} has another 'parallelism'");
            }

            return ServedRequests.Run(run, settings, models.Shape(run.Model), newDevice, sharing.Ranks);
        }

        NetworkShape? network = networks.Names.Contains(run.Model) ? networks.Shape(run.Model) : null;
        ModelShape? model = network is null ? models.Shape(run.Model) : null;
        GenerationSource SourceOf(int sequences)
        {
            GenerationRequest request = new(run.PromptTokens, run.GeneratedTokens, sequences) { Settings = settings };
            return network is null ? new GenerationSource(model!, technique.Program, request) : new GenerationSource(network, technique.Program, request);
        }

        IStepSource Shared(GenerationSource whole) => network is not null && sharing is { Ranks: > 1, Data: 1, Pipeline: 1 }
            ? new NetworkParallelism(network, sharing.Ranks).Shard(whole)
            : SharedSource.Of(whole, model, sharing);

        int sequences = run.Sequences > 0
            ? run.Sequences
            : LargestBatch(run, count => newDevice().Load(Shared(SourceOf(count)).Footprint));
        GenerationSource source = SourceOf(sequences);
        IDevice device = newDevice();
        IStepSource shared = Shared(source);
        WatchedSource watched = new(shared);
        if (device is PimDevice && MostPimRows is { } most)
        {
            device.Load(shared.Footprint);
            RequireFewRows(shared, most);
        }

        ReplayResult replay = new TraceReplay(device).Run(watched);
        double seconds = replay.Elapsed.Seconds;
        if (seconds <= 0)
        {
            throw new PimSimUserException($"{run.Technique} on {run.Model}: takes no time, so that there is nothing to compare");
        }

        double joules = device.Ledger.TotalEnergy.Joules;
        return new TechniqueResult(
            sequences,
            replay.Tokens,
            replay.Steps,
            seconds,
            replay.FirstToken?.Seconds,
            joules,
            price?.DollarsPerHour(joules / seconds) * seconds / 3600,
            source.Footprint.Parameters,
            source.Footprint.WeightBytes,
            source.PeakKvBytes,
            replay.Cost.Flops * sharing.Ranks,
            replay.Cost.Bytes * sharing.Ranks,
            Times(device.Ledger),
            watched.PeakOperandBytes);
    }

    /// <summary>Counts what a PIM system would run row after row, before it does.</summary>
    private static void RequireFewRows(IStepSource source, long most)
    {
        long rows = 0;
        foreach (Step step in source.Steps())
        {
            foreach (StepBlock block in step.Blocks)
            {
                foreach (ref readonly Operator op in block.Operators.AsSpan())
                {
                    rows += op.Kind is OperatorKind.Gemm or OperatorKind.Attention or OperatorKind.AttentionScores or OperatorKind.KvAppend ? (long)op.Rows * block.Repeat : 0;
                }
            }

            if (rows > most)
            {
                throw new PimSimUserException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"takes long to simulate: more than {most} rows of products, attention and cache writes, each command by command"));
            }
        }
    }

    private (Func<IDevice> NewDevice, SystemParallelism Sharing, Price? Price) Open(RunHardware wanted)
    {
        if (wanted.System is { } name)
        {
            ProblemList problems = new();
            SystemDefinition? system = systems?.GetValueOrDefault(name) ?? SystemDefinition.Read(hardware, name, [], problems);
            problems.ThrowIfAny();
            return (system!.CreateFactory(new PimSimulation(Accelerate: true)), system.Parallelism, system.Price);
        }

        var parts = GpuParts.Open(hardware, wanted.Gpu!, wanted.Stack!);
        GpuCostModel costs = new(parts.Gpu, parts.Silicon, parts.Stack);
        var group = GpuGroup.Connect(hardware, parts, wanted.Gpus);
        return (() => new GpuDevice(parts.Gpu, parts.Stack, costs, group), new SystemParallelism(wanted.Gpus), null);
    }

    private static int LargestBatch(TechniqueRun run, Action<int> load)
    {
        bool Fits(int sequences)
        {
            try
            {
                load(sequences);
                return true;
            }
            catch (PimSimUserException)
            {
                return false;
            }
        }

        int most = 1;
        while (most < 1 << 20 && Fits(2 * most))
        {
            most *= 2;
        }

        return run.Sequences == TechniqueRun.LargestPowerOfTwo ? most : LargestFit.Of(most, 2 * most, Fits);
    }

    private static Dictionary<string, long> Times(CostLedger ledger)
    {
        Dictionary<string, long> times = new(StringComparer.Ordinal);
        for (int column = 0; column < ledger.TimeComponents.Count; column++)
        {
            long sum = 0;
            for (int row = 0; row < ledger.Rows; row++)
            {
                sum += ledger.Time(row, column).Value;
            }

            if (sum > 0)
            {
                times[ledger.TimeComponents[column]] = sum;
            }
        }

        return times;
    }

    /// <summary>Passes steps on and looks for the largest operands.</summary>
    private sealed class WatchedSource(IStepSource source) : IStepSource
    {
        public ModelFootprint Footprint => source.Footprint;

        public long PeakOperandBytes { get; private set; }

        public IEnumerable<Step> Steps()
        {
            foreach (Step step in source.Steps())
            {
                foreach (StepBlock block in step.Blocks)
                {
                    foreach (Operator op in block.Operators)
                    {
                        PeakOperandBytes = Math.Max(PeakOperandBytes, OperatorCost.Of(op).ActivationBytes);
                    }
                }

                yield return step;
            }
        }
    }
}
