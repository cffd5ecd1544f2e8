using System.Collections.Immutable;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Validation;
using PimSim.Experiments.Validation.Runs;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Calibration;

/// <summary>
/// Fits what the host of a stack costs on measured runs of whole models. Kernels stay as they are. Errors are told for models left out of the fit,
/// or, where only one was measured, for numbers of GPUs left out.
/// </summary>
public static class HostCalibration
{
    private const double NanosecondsPerSecond = 1e9;

    /// <summary>Fits the host's costs.</summary>
    /// <param name="request">Device and stack.</param>
    /// <param name="data">What was measured.</param>
    /// <param name="cancellation">Looked at between runs.</param>
    /// <exception cref="PimSimUserException">The device or the stack is wrong, or no run is of them.</exception>
    public static FamilyFit Run(ValidationRequest request, CalibrationData data, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(data);
        HardwareCatalogue catalogue = new(request.Catalogue);
        var parts = GpuParts.Open(catalogue, request.Device, request.Stack);
        ZooShapes zoo = new(ExperimentReader.Zoo(request.Catalogue));
        RunPredictor predictor = new(catalogue, zoo, parts, request.Collectives, request.Link);
        StackFamily family = HostFamily.Of(parts.Stack, parts.Gpu.Architecture);
        List<RunTime> times = [];
        foreach (EndToEndMeasurement run in data.Runs)
        {
            cancellation.ThrowIfCancellationRequested();
            times.AddRange(TimesOf(run, request.Classes, predictor));
        }

        return times.Count > family.Definitions.Length
            ? Fit(family, times, predictor, cancellation)
            : throw new PimSimUserException($"{string.Join(", ", request.Paths)}: none of {data.Runs.Count} runs can be fitted on: '{request.Stack}' on '{request.Device}'");
    }

    private static IEnumerable<RunTime> TimesOf(EndToEndMeasurement run, ImmutableArray<MeasurementClass> classes, RunPredictor predictor)
    {
        if (run.Caution is not null || predictor.Mismatch(run) is not null)
        {
            return [];
        }

        try
        {
            return [.. from row in RunComparison.Parts(run, predictor) where row.Measurement.Caution is null && (classes.IsEmpty || classes.Contains(row.Measurement.Class)) select new RunTime(run, row.Measurement.Class, row.MeasuredNs)];
        }
        catch (PimSimUserException)
        {
            // It does not fit the memory, or cannot be shared out like that: validate lists it.
            return [];
        }
    }

    private static FamilyFit Fit(StackFamily family, List<RunTime> times, RunPredictor predictor, CancellationToken cancellation)
    {
        bool byModel = times.Select(time => time.Run.Model).Distinct(StringComparer.Ordinal).Skip(1).Any();
        return FoldedFit.Run(
            family,
            times,
            time => byModel ? time.Run.Model : $"{time.Run.Devices} devices",
            time => time.MeasuredNs,
            int.MaxValue,
            (values, which, into) => PredictInto(family.With(values), predictor, which, into, cancellation));
    }

    private static void PredictInto(GpuStack stack, RunPredictor predictor, IReadOnlyList<RunTime> times, double[] into, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Dictionary<string, BatchFigures> figures = new(StringComparer.Ordinal);
        for (int i = 0; i < times.Count; i++)
        {
            string batch = $"{times[i].Run.Model} {RunPredictor.Describe(times[i].Run)}";
            if (!figures.TryGetValue(batch, out BatchFigures predicted))
            {
                figures[batch] = predicted = predictor.Predict(times[i].Run, stack);
            }

            StepFigures part = times[i].Class switch
            {
                MeasurementClass.PromptStep => predicted.Prompt,
                MeasurementClass.TokenStep => predicted.Token,
                _ => predicted.Total,
            };
            into[i] = part.Seconds * NanosecondsPerSecond;
        }
    }

    /// <summary>One measured time of a run.</summary>
    private readonly record struct RunTime(EndToEndMeasurement Run, MeasurementClass Class, double MeasuredNs);
}
