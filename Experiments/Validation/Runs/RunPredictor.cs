using System.Globalization;
using PimSim.Devices.Gpu;
using PimSim.Devices.Links;
using PimSim.Devices.Systems;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Validation.Runs;

/// <summary>Runs of whole models on GPUs of one kind with one stack, kept by their shape. Not thread-safe.</summary>
public sealed class RunPredictor
{
    private readonly HardwareCatalogue _catalogue;
    private readonly ZooShapes _zoo;
    private readonly GpuParts _parts;
    private readonly string? _collectives;
    private readonly string? _link;
    private readonly GpuCostModel _costs;
    private readonly Dictionary<int, CollectiveModel?> _groups = [];
    private readonly Dictionary<(string Model, int Gpus, int Batch, int Prompt, int Output), BatchPrediction> _batches = [];

    /// <summary>Joins the parts.</summary>
    /// <param name="catalogue">Where links and software of collectives are.</param>
    /// <param name="zoo">The models by the names of measurements.</param>
    /// <param name="parts">The GPU and its stack.</param>
    /// <param name="collectives">Software of collectives; null for that of the stack.</param>
    /// <param name="link">Link between the GPUs; null for that of the data sheet.</param>
    /// <exception cref="PimSimUserException">The stack does not run on this GPU.</exception>
    public RunPredictor(HardwareCatalogue catalogue, ZooShapes zoo, GpuParts parts, string? collectives = null, string? link = null)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        ArgumentNullException.ThrowIfNull(zoo);
        ArgumentNullException.ThrowIfNull(parts);
        _catalogue = catalogue;
        _zoo = zoo;
        _parts = parts;
        _collectives = collectives;
        _link = link;
        _costs = new GpuCostModel(parts.Gpu, parts.Silicon, parts.Stack);
    }

    /// <summary>The GPU.</summary>
    public GpuSpecification Gpu => _parts.Gpu;

    /// <summary>The software.</summary>
    public GpuStack Stack => _parts.Stack;

    /// <summary>Why this run cannot be one of this GPU with this stack; null if it can.</summary>
    public string? Mismatch(EndToEndMeasurement run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run switch
        {
            _ when run.Device != Gpu.Name => $"measured on '{run.Hardware}'{(run.Device is null ? "" : $" ({run.Device})")}",
            _ when Stack.Framework is { } own && !run.Framework.StartsWith(own, StringComparison.OrdinalIgnoreCase) => $"ran {run.Framework}; '{Stack.Name}' is of {own}",
            { Devices: > 1, Parallelism: { } words } when !words.StartsWith("tensor", StringComparison.OrdinalIgnoreCase) => $"shared out by '{words}', not by tensor parallelism",
            _ when run.WeightType is { } weights && weights.Bits() != Stack.WeightType.Bits() => $"weights in {Name(weights)}; '{Stack.Name}' has {Name(Stack.WeightType)}",
            _ when run.KvType is { } kv && kv.Bits() != Stack.KvType.Bits() => $"keys and values in {Name(kv)}; '{Stack.Name}' has {Name(Stack.KvType)}",
            _ when _zoo.Shape(run.Model) is null => $"'{run.Model}' is not in the model zoo",
            _ => null,
        };
    }

    /// <summary>Predicts a run for which <see cref="Mismatch"/> gives no reason against it.</summary>
    /// <exception cref="PimSimUserException">It cannot be shared out like that, or does not fit.</exception>
    public BatchFigures Predict(EndToEndMeasurement run) => Predict(run, Stack);

    /// <summary>The same with a stack that differs in its host costs only.</summary>
    /// <exception cref="PimSimUserException">It cannot be shared out like that, or does not fit.</exception>
    public BatchFigures Predict(EndToEndMeasurement run, GpuStack stack)
    {
        ArgumentNullException.ThrowIfNull(run);
        var key = (run.Model, run.Devices, run.Batch, run.PromptTokens, run.OutputTokens);
        if (!_batches.TryGetValue(key, out BatchPrediction? batch))
        {
            // Longer contexts than a model was made for run all the same; only its answers suffer.
            ModelShape model = _zoo.Shape(run.Model)!;
            model = model with { MaxPositions = Math.Max(model.MaxPositions, run.PromptTokens + run.OutputTokens) };
            _batches[key] = batch = new BatchPrediction(new ClosedBatch(model, run.Batch, run.PromptTokens, run.OutputTokens), run.Devices);
        }

        if (!_groups.TryGetValue(run.Devices, out CollectiveModel? group))
        {
            _groups[run.Devices] = group = GpuGroup.Connect(_catalogue, _parts, run.Devices, _collectives, _link);
        }

        return batch.On(new GpuDevice(Gpu, stack, _costs, group));
    }

    /// <summary>The batch of a run in a few words.</summary>
    public static string Describe(EndToEndMeasurement run)
    {
        ArgumentNullException.ThrowIfNull(run);
        string devices = run.Devices == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", {run.Devices} GPUs");
        return string.Create(CultureInfo.InvariantCulture, $"{run.Batch} x ({run.PromptTokens} + {run.OutputTokens}){devices}");
    }

    private static string Name(DataType type) => DataTypes.Names[(int)type];
}
