using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers.Vidur;
using PimSim.Traces.Format.Measurements.AiConfigurator;
using PimSim.Traces.Format.Measurements.Compass;
using PimSim.Traces.Format.Measurements.Frontier;
using PimSim.Traces.Format.Measurements.Runs;
using PimSim.Traces.Format.Measurements.ServingSim;
using PimSim.Traces.Format.Measurements.Vidur;

namespace PimSim.Traces.Format.Measurements;

/// <summary>The formats of measurements that can be read.</summary>
public static class MeasurementFormats
{
    internal static readonly ImmutableArray<MeasurementFormatEntry> Entries =
    [
        new(MeasurementFormat.VidurLayers, "vidur-mlp", VidurMlp.Columns, VidurRows.Layers),
        new(MeasurementFormat.VidurAttention, "vidur-attention", VidurAttention.Columns, VidurRows.Attention),
        new(MeasurementFormat.VidurCollectives, "vidur-network", VidurCollectives.Columns, VidurCollectives.Read),
        new(MeasurementFormat.AiConfiguratorGemm, "aiconfigurator-gemm", GemmRows.Columns, GemmRows.Read),
        new(MeasurementFormat.AiConfiguratorPrefill, "aiconfigurator-prefill", AttentionRows.PrefillColumns, AttentionRows.Prefill),
        new(MeasurementFormat.AiConfiguratorDecode, "aiconfigurator-decode", AttentionRows.DecodeColumns, AttentionRows.Decode),
        new(MeasurementFormat.AiConfiguratorMoe, "aiconfigurator-moe", MoeRows.Columns, MoeRows.Read),
        new(MeasurementFormat.AiConfiguratorNccl, "aiconfigurator-nccl", CollectiveRows.NcclColumns, CollectiveRows.Nccl),
        new(MeasurementFormat.AiConfiguratorAllReduce, "aiconfigurator-allreduce", CollectiveRows.CustomColumns, CollectiveRows.Custom),
        new(MeasurementFormat.FrontierLayers, "frontier-linear", FrontierLayers.Columns, FrontierLayers.Read) { NeedsSizes = true },
        new(MeasurementFormat.FrontierAttention, "frontier-attention", FrontierAttention.Columns, FrontierAttention.Read) { NeedsSizes = true },
        new(MeasurementFormat.FrontierExperts, "frontier-moe", FrontierExperts.Columns, FrontierExperts.Read),
        new(MeasurementFormat.ServingSimDense, "llmservingsim-dense", ServingSimRows.DenseColumns, ServingSimRows.Dense) { NeedsSizes = true },
        new(MeasurementFormat.ServingSimPerSequence, "llmservingsim-per-sequence", ServingSimRows.SequenceColumns, ServingSimRows.PerSequence) { NeedsSizes = true },
        new(MeasurementFormat.ServingSimAttention, "llmservingsim-attention", ServingSimRows.AttentionColumns, ServingSimRows.Attention) { NeedsSizes = true },
        new(MeasurementFormat.ServingSimExperts, "llmservingsim-moe", ServingSimRows.ExpertColumns, ServingSimRows.Experts) { NeedsSizes = true },
        new(MeasurementFormat.ServingSimV0Layers, "llmservingsim-v0-layers", OlderServingSimRows.LayerColumns, OlderServingSimRows.Layers) { NeedsSizes = true },
        new(MeasurementFormat.ServingSimV0Attention, "llmservingsim-v0-attention", OlderServingSimRows.AttentionColumns, OlderServingSimRows.Attention) { NeedsSizes = true },
        new(MeasurementFormat.Compass, "llmcompass", [], CompassRows.Read),
        new(MeasurementFormat.Trace, "pimsim-trace", [], StepMeasurements.Trace),
        new(MeasurementFormat.Profile, "profile", [], StepMeasurements.Imported),
        new(MeasurementFormat.Splitwise, "splitwise", SplitwiseRuns.Columns, null) { Runs = SplitwiseRuns.Read },
        new(MeasurementFormat.InferenceBench, "llm-inference-bench", InferenceBenchRuns.Columns, null) { Runs = InferenceBenchRuns.Read },
    ];

    /// <summary>Names as written on a command line.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Entries.Select(entry => entry.Name)];

    /// <summary>The name of a format.</summary>
    public static string Name(this MeasurementFormat format) => Of(format).Name;

    /// <summary>The format of a name.</summary>
    /// <exception cref="PimSimUserException">There is none of that name.</exception>
    public static MeasurementFormat Parse(string name) => Entries.FirstOrDefault(entry => entry.Name == name)?.Format
        ?? throw new PimSimUserException($"'{name}' is no format of measurements; {NearestWord.Suggest(name, Names)}");

    internal static MeasurementFormatEntry Of(MeasurementFormat format) => Entries.First(entry => entry.Format == format);
}
