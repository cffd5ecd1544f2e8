using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers.Vidur;
using PimSim.Traces.Format.Measurements.AiConfigurator;
using PimSim.Traces.Format.Measurements.Vidur;

namespace PimSim.Traces.Format.Measurements;

/// <summary>The formats of measurements that can be read.</summary>
public static class MeasurementFormats
{
    internal static readonly ImmutableArray<MeasurementFormatEntry> Entries =
    [
        new(MeasurementFormat.VidurLayers, "vidur-mlp", VidurMlp.Columns, VidurRows.Layers),
        new(MeasurementFormat.VidurAttention, "vidur-attention", VidurAttention.Columns, VidurRows.Attention),
        new(MeasurementFormat.AiConfiguratorGemm, "aiconfigurator-gemm", GemmRows.Columns, GemmRows.Read),
        new(MeasurementFormat.AiConfiguratorPrefill, "aiconfigurator-prefill", AttentionRows.PrefillColumns, AttentionRows.Prefill),
        new(MeasurementFormat.AiConfiguratorDecode, "aiconfigurator-decode", AttentionRows.DecodeColumns, AttentionRows.Decode),
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
