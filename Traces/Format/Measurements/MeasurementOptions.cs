using PimSim.Traces.Format.Importers;

namespace PimSim.Traces.Format.Measurements;

/// <summary>What a file of measurements does not say and its reader may know.</summary>
public sealed record MeasurementOptions
{
    /// <summary>The options that hold where nobody sets others.</summary>
    public static readonly MeasurementOptions Default = new();

    /// <summary>Whose file it is; null finds out from its columns.</summary>
    public MeasurementFormat? Format { get; init; }

    /// <summary>The model that was measured; null takes the folder of the file for its name.</summary>
    public string? Model { get; init; }

    /// <summary>Sizes of models, for files that only name theirs; null knows none.</summary>
    public IModelShapes? Shapes { get; init; }

    /// <summary>Size limits.</summary>
    public ImportLimits Limits { get; init; } = ImportLimits.Default;
}
