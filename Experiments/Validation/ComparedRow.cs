using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Validation;

/// <summary>A measurement beside its prediction.</summary>
/// <param name="Measurement">What was measured.</param>
/// <param name="PredictedNs">Predicted time.</param>
/// <param name="PredictedJoules">Predicted energy; null where no power was measured or the device has no model of it.</param>
/// <param name="Terms">What a roofline predicts it from.</param>
public sealed record ComparedRow(Measurement Measurement, double PredictedNs, double? PredictedJoules, RooflineTerms Terms)
{
    private const double SecondsPerNanosecond = 1e-9;

    /// <summary>Measured time.</summary>
    public double MeasuredNs => Measurement.Nanoseconds;

    /// <summary>Predicted over measured time.</summary>
    public double Ratio => PredictedNs / MeasuredNs;

    /// <summary>Measured energy: power of the board times time.</summary>
    public double? MeasuredJoules => Measurement.BoardWatts * MeasuredNs * SecondsPerNanosecond;

    /// <summary>Predicted power: energy over time.</summary>
    public double? PredictedWatts => PredictedJoules / (PredictedNs * SecondsPerNanosecond);
}
