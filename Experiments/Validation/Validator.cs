using System.Collections.Immutable;
using System.Globalization;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Running;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Validation;

/// <summary>Holds the models of devices against measurements.</summary>
public static class Validator
{
    /// <summary>Reads measurements, predicts them, and compares. The rows are held in memory, a few hundred bytes each.</summary>
    /// <exception cref="PimSimUserException">A file, the device or the software is wrong, or no row can be compared.</exception>
    public static ValidationResult Run(ValidationRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        HardwareCatalogue catalogue = new(request.Catalogue);
        ValidationSetup setup = ValidationSetup.Open(catalogue, request);
        MeasurementOptions options = new() { Shapes = new ZooShapes(ExperimentReader.Zoo(request.Catalogue)) };
        ImmutableArray<MeasurementSet> sets = [.. request.Paths.Select(path => MeasurementSet.Open(path, options))];
        ImmutableArray<MeasurementFile> files = [.. sets.SelectMany(set => set.Files).DistinctBy(file => Path.GetFullPath(file.Path))];
        List<string> warnings = [.. DevicesNamed(files, request.Device, new DeviceNames(catalogue.Gpus.Names.Concat(catalogue.Cpus.Names)))];
        RejectRuns(files, warnings);
        List<Measurement> rows = [];
        foreach (Measurement row in files.SelectMany(file => file.Measurements()))
        {
            cancellation.ThrowIfCancellationRequested();
            rows.Add(row);
        }

        (ImmutableArray<ComparedRow> compared, ImmutableArray<SkippedRows> skipped) = Compare(rows, request.Classes, setup.Create, request.Threads, cancellation);
        if (compared.IsEmpty)
        {
            throw new PimSimUserException(
                $"{string.Join(", ", request.Paths)}: none of {rows.Count} rows can be compared{string.Concat(skipped.Take(3).Select(one => $"; {one.Count}: {one.Reason}"))}");
        }

        (ImmutableArray<ClassErrors> classes, ClassErrors all) = Errors(compared);
        return new ValidationResult
        {
            Version = ExperimentRunner.Version,
            Device = request.Device,
            Stack = request.Stack,
            Collectives = setup.Collectives,
            Link = setup.Link,
            Files = [.. files.Select(file => file.Path)],
            SkippedFiles = [.. sets.SelectMany(set => set.Skipped)],
            Warnings = [.. warnings],
            Rows = compared,
            Skipped = skipped,
            Assumptions = [.. compared.Where(row => row.Measurement.Assumption is not null).CountBy(row => row.Measurement.Assumption!).Select(pair => (pair.Key, pair.Value))],
            Classes = classes,
            All = all,
        };
    }

    /// <summary>Predicts rows on any number of threads; order and values do not depend on it.</summary>
    public static (ImmutableArray<ComparedRow> Compared, ImmutableArray<SkippedRows> Skipped) Compare(
        IReadOnlyList<Measurement> rows, ImmutableArray<MeasurementClass> classes, Func<IOperatorPredictor> predictors, int threads, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(rows);
        (ComparedRow? Compared, SkipCause Cause, string Reason)[] outcomes = new (ComparedRow?, SkipCause, string)[rows.Count];
        Parallel.For(
            0,
            rows.Count,
            new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation },
            predictors,
            (index, _, predictor) =>
            {
                outcomes[index] = RowComparison.Of(rows[index], classes, predictor);
                return predictor;
            },
            _ => { });
        return (
            [.. outcomes.Select(outcome => outcome.Compared).OfType<ComparedRow>()],
            [
                .. from outcome in outcomes
                   where outcome.Compared is null
                   group outcome by (outcome.Cause, outcome.Reason) into skipped
                   orderby skipped.Key.Cause, skipped.Count() descending, skipped.Key.Reason
                   select new SkippedRows(skipped.Key.Cause, skipped.Key.Reason, skipped.Count()),
            ]);
    }

    /// <summary>Errors by class and of all rows, at least one.</summary>
    public static (ImmutableArray<ClassErrors> Classes, ClassErrors All) Errors(ImmutableArray<ComparedRow> rows)
    {
        ImmutableArray<ClassErrors> classes =
        [
            .. from row in rows
               group row by row.Measurement.Class into kind
               orderby kind.Key
               select ClassErrors.Of(kind.Key, [.. kind]),
        ];
        return (classes, ClassErrors.OfAll(rows, classes));
    }

    private static IEnumerable<string> DevicesNamed(ImmutableArray<MeasurementFile> files, string device, DeviceNames names) =>
        from file in files
        let other = names.OtherIn(file.Path, device)
        where other is not null
        group file by other into one
        select string.Create(CultureInfo.InvariantCulture, $"{one.Count()} file(s) are named for another device, {one.Key}, than '{device}': {one.First().Path}{(one.Count() > 1 ? " ..." : "")}");

    /// <summary>Runs of whole models need a model and a schedule, not one operator's cost.</summary>
    private static void RejectRuns(ImmutableArray<MeasurementFile> files, List<string> warnings)
    {
        ImmutableArray<MeasurementFile> runs = [.. files.Where(file => file.EndToEnd().Any())];
        if (runs.IsEmpty)
        {
            return;
        }

        string text = $"{runs[0].Path}: holds runs of whole models ({runs[0].Format.Name()}), which are not predicted yet; give measurements of operators";
        if (runs.Length == files.Length)
        {
            throw new PimSimUserException(text);
        }

        warnings.Add($"{text}; {runs.Length} such file(s) were left out");
    }
}
