using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Vidur;

namespace PimSim.Traces.Format.Measurements.Vidur;

/// <summary>Vidur's profiles of layers and attention, through their importers. The group is the model that the folder is named for.</summary>
internal static class VidurRows
{
    public static IEnumerable<Measurement> Layers(MeasurementSource source) => Of(source, VidurMlp.Read, MeasuredSpan.Unstated);

    /// <summary>Kernel times where the profile method is stated: Kineto adds up kernels.</summary>
    public static IEnumerable<Measurement> Attention(MeasurementSource source) => Of(source, VidurAttention.Read, MeasuredSpan.Unstated);

    private static IEnumerable<Measurement> Of(MeasurementSource source, Func<string, ImportOptions, IEnumerable<MeasuredOperator>> read, MeasuredSpan span)
    {
        RowBuilder builder = new(source);
        foreach (MeasuredOperator row in read(source.Path, new ImportOptions { Limits = source.Limits }))
        {
            yield return builder.Raw(row.Line, [row.Operator], Classes.Of(row.Operator), row.Nanoseconds, span, row.Name, source.Model, null, null, null);
        }
    }
}
