using System.Collections.Immutable;
using PimSim.Devices.Gpu;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Validation.Runs;

/// <summary>Puts predictions beside measured runs of whole models: a row for each time that a run was measured by.</summary>
public static class RunComparison
{
    private const double NanosecondsPerSecond = 1e9;

    /// <summary>Compares a run, or says why parts of it, or all of it, can't be.</summary>
    /// <param name="run">The run.</param>
    /// <param name="classes">Classes to compare; empty compares all.</param>
    /// <param name="predictor">Predicts it.</param>
    public static IEnumerable<(ComparedRow? Compared, SkipCause Cause, string Reason)> Of(
        EndToEndMeasurement run, ImmutableArray<MeasurementClass> classes, RunPredictor predictor)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(predictor);
        if (run.Caution is { } caution)
        {
            return [(null, SkipCause.Caution, caution)];
        }

        if (predictor.Mismatch(run) is { } mismatch)
        {
            return [(null, SkipCause.NotChosen, mismatch)];
        }

        try
        {
            return [.. Parts(run, predictor).Select(part => Choose(part, classes))];
        }
        catch (PimSimUserException fault)
        {
            return [(null, SkipCause.NotPredicted, $"run: {fault.Message}")];
        }
    }

    /// <summary>The measured times of a run beside their predictions.</summary>
    /// <exception cref="PimSimUserException">It cannot be shared out like that, or does not fit.</exception>
    public static IEnumerable<ComparedRow> Parts(EndToEndMeasurement run, RunPredictor predictor)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(predictor);
        return Parts(run, predictor, predictor.Predict(run));
    }

    private static IEnumerable<ComparedRow> Parts(EndToEndMeasurement run, RunPredictor predictor, BatchFigures predicted)
    {
        if (run.PromptSeconds is { } prompt)
        {
            yield return Row(MeasurementClass.PromptStep, prompt, predicted.Prompt, null, null);
        }

        if (run.SecondsPerOutputToken is { } token && predicted.Steps > 0)
        {
            yield return Row(MeasurementClass.TokenStep, token, predicted.Token, null, null);
        }

        if (run.TotalSeconds is { } total)
        {
            double? watts = run.Watts ?? (run.PowerShare * predictor.Gpu.DesignPower.Watts);
            yield return Row(MeasurementClass.WholeRun, total, predicted.Total, watts, run.TotalCaution);
        }

        ComparedRow Row(MeasurementClass kind, double seconds, StepFigures figures, double? watts, string? caution)
        {
            GpuSpecification gpu = predictor.Gpu;
            Measurement measurement = new()
            {
                Operators = [],
                Workload = RunPredictor.Describe(run),
                Class = kind,
                Nanoseconds = seconds * NanosecondsPerSecond,
                Span = MeasuredSpan.Launch,
                Name = run.Model,
                Group = run.Model,
                File = run.File,
                Line = run.Line,
                BoardWatts = watts,
                Caution = caution,
            };
            RooflineTerms terms = new(
                figures.Flops / gpu.PeakFlopsPerSecond[predictor.Stack.ActivationType] * NanosecondsPerSecond,
                figures.Bytes / gpu.BytesPerSecond * NanosecondsPerSecond);
            return new ComparedRow(measurement, figures.Seconds * NanosecondsPerSecond, watts is null ? null : figures.Joules / run.Devices, terms);
        }
    }

    private static (ComparedRow? Compared, SkipCause Cause, string Reason) Choose(ComparedRow row, ImmutableArray<MeasurementClass> classes)
    {
        string kind = MeasurementClasses.Word(row.Measurement.Class);
        return !classes.IsEmpty && !classes.Contains(row.Measurement.Class) ? (null, SkipCause.NotChosen, $"of class {kind}")
            : row.Measurement.Caution is { } caution ? (null, SkipCause.Caution, $"{kind}: {caution}")
            : (row, default, "");
    }
}
