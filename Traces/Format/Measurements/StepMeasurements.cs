using PimSim.Traces.Format.Exporters;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>
/// Operators of steps with the times that they took: PimSim's own traces, and profiles of other tools through their importers. A place is
/// the number of the step, from 1, not a line. Times of PyTorch's profiler are those of kernels; PimSim's are those of its engine.
/// </summary>
internal static class StepMeasurements
{
    public static IEnumerable<Measurement> Trace(MeasurementSource source)
    {
        TraceFileSource trace = TraceFile.Open(source.Path);
        return Of(source, trace, trace.Footprint.Model, MeasuredSpan.Unstated);
    }

    public static IEnumerable<Measurement> Imported(MeasurementSource source) => TraceImport.Open(source.Path, options: new ImportOptions { Limits = source.Limits }) is ImportedSteps steps
        ? Of(source, steps, Path.GetFileName(source.Path), MeasuredSpan.Kernel)
        : throw ImportError.Of(source.Path, "holds requests, not measured operators");

    private static IEnumerable<Measurement> Of(MeasurementSource source, IStepSource steps, string group, MeasuredSpan span)
    {
        RowBuilder builder = new(source);
        bool any = false;
        foreach (Step step in steps.Steps())
        {
            foreach (ExecutedOperator executed in StepOperators.Of(step))
            {
                if (executed.Nanoseconds is not { } nanoseconds)
                {
                    continue;
                }

                any = true;
                long place = step.Index + 1L;
                yield return executed.Op.Kind == OperatorKind.Opaque
                    ? builder.Unmatched(place, MeasurementClass.Other, nanoseconds, span, executed.Op.Label ?? "", group, "work that was measured and not matched with an operator")
                    : builder.Raw(place, [executed.Op], Classes.Of(executed.Op), nanoseconds, span, EnumWords<OperatorRole>.Of(executed.Op.Role), group, null, null, null);
            }
        }

        if (!any)
        {
            throw ImportError.Of(source.Path, "holds no measured times");
        }
    }
}
