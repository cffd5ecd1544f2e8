using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Validation;

/// <summary>Puts predictions beside measured rows.</summary>
public static class RowComparison
{
    private const double SecondsPerNanosecond = 1e-9;
    private const string BetweenNodes = "collective: it goes between nodes; validation predicts those inside one";
    private const string Fused = "the software fuses it into another operator";

    /// <summary>Compares a row, or says why it can't be.</summary>
    /// <param name="row">The row.</param>
    /// <param name="classes">Classes to compare; empty compares all.</param>
    /// <param name="predictor">Predicts its operators.</param>
    public static (ComparedRow? Compared, SkipCause Cause, string Reason) Of(Measurement row, ImmutableArray<MeasurementClass> classes, IOperatorPredictor predictor)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(predictor);
        if (!classes.IsEmpty && !classes.Contains(row.Class))
        {
            return (null, SkipCause.NotChosen, $"of class {MeasurementClasses.Word(row.Class)}");
        }

        if (row.Caution is { } caution)
        {
            return (null, SkipCause.Caution, caution);
        }

        if (row.Unmatched is { } unmatched)
        {
            return (null, SkipCause.Unmatched, unmatched);
        }

        if (row.RanksPerNode is not null)
        {
            return (null, SkipCause.NotPredicted, BetweenNodes);
        }

        try
        {
            return Predict(row, predictor) is { } compared ? (compared, default, "") : (null, SkipCause.NotPredicted, $"{MeasurementClasses.Word(row.Class)}: {Fused}");
        }
        catch (PimSimUserException fault)
        {
            return (null, SkipCause.NotPredicted, $"{MeasurementClasses.Word(row.Class)}: {fault.Message}");
        }
    }

    /// <summary>Operators run one after the other; null if all of them are fused into others.</summary>
    private static ComparedRow? Predict(Measurement row, IOperatorPredictor predictor)
    {
        double nanoseconds = 0;
        double? joules = 0;
        int kernels = 0;
        RooflineTerms terms = default;
        foreach (Operator op in row.Operators)
        {
            OperatorPrediction prediction = predictor.Predict(op, row.IsSustained);
            nanoseconds += prediction.Nanoseconds;
            kernels += prediction.Kernels;
            joules += prediction.DynamicJoules;
            terms += predictor.Roofline(op);
        }

        if (nanoseconds <= 0)
        {
            return null;
        }

        if (row.Span == MeasuredSpan.Launch)
        {
            nanoseconds = predictor.WithLaunches(kernels, nanoseconds);
        }

        double? total = row.BoardWatts is null ? null : joules + (predictor.StaticWatts * nanoseconds * SecondsPerNanosecond);
        return new ComparedRow(row, nanoseconds, total, terms);
    }
}
