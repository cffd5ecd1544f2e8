using PimSim.Experiments.Files;
using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Calibration;

/// <summary>Measurements to fit on. Files are opened once, and their runs of whole models read once; operators, of which there may be millions, stream.</summary>
public sealed class CalibrationData
{
    private readonly MeasurementSet[] _sets;

    private CalibrationData(MeasurementSet[] sets)
    {
        _sets = sets;
        Runs = [.. sets.SelectMany(set => set.EndToEnd())];
    }

    /// <summary>Runs of whole models; where there are any, the host is fitted, and otherwise kernels.</summary>
    public IReadOnlyList<EndToEndMeasurement> Runs { get; }

    /// <summary>Opens what a request names.</summary>
    /// <exception cref="PimSimUserException">A file is wrong.</exception>
    public static CalibrationData Open(ValidationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        MeasurementOptions options = new() { Shapes = new ZooShapes(ExperimentReader.Zoo(request.Catalogue)) };
        return new CalibrationData([.. request.Paths.Select(path => MeasurementSet.Open(path, options))]);
    }

    /// <summary>Measured operators of all files.</summary>
    public IEnumerable<Measurement> Measurements() => _sets.SelectMany(set => set.Measurements());
}
