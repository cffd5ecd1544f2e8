using System.Collections.Immutable;
using System.Globalization;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Running;
using PimSim.Experiments.Validation.Runs;
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
        ZooShapes zoo = new(ExperimentReader.Zoo(request.Catalogue));
        MeasurementOptions options = new() { Shapes = zoo };
        ImmutableArray<MeasurementSet> sets = [.. request.Paths.Select(path => MeasurementSet.Open(path, options))];
        ImmutableArray<MeasurementFile> files = [.. sets.SelectMany(set => set.Files).DistinctBy(file => Path.GetFullPath(file.Path))];
        List<string> warnings = [.. DevicesNamed(files, request.Device, new DeviceNames(catalogue.Gpus.Names.Concat(catalogue.Cpus.Names)))];
        List<Measurement> rows = [];
        foreach (Measurement row in files.SelectMany(file => file.Measurements()))
        {
            cancellation.ThrowIfCancellationRequested();
            rows.Add(row);
        }

        (ImmutableArray<ComparedRow> compared, ImmutableArray<SkippedRows> skipped) = Compare(rows, request.Classes, setup.Create, request.Threads, cancellation);
        ImmutableArray<EndToEndMeasurement> measuredRuns = [.. files.SelectMany(file => file.EndToEnd())];
        (ImmutableArray<ComparedRow> runs, ImmutableArray<SkippedRows> skippedRuns) = CompareRuns(measuredRuns, request.Classes, setup, zoo, cancellation);
        compared = compared.AddRange(runs);
        skipped = skipped.AddRange(skippedRuns);
        if (compared.IsEmpty)
        {
            throw new PimSimUserException(
                $"{string.Join(", ", request.Paths)}: none of {rows.Count + measuredRuns.Length} rows can be compared{string.Concat(skipped.Take(3).Select(one => $"; {one.Count}: {one.Reason}"))}");
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
        return Split(outcomes);
    }

    private static (ImmutableArray<ComparedRow> Compared, ImmutableArray<SkippedRows> Skipped) CompareRuns(
        ImmutableArray<EndToEndMeasurement> measured, ImmutableArray<MeasurementClass> classes, ValidationSetup setup, ZooShapes zoo, CancellationToken cancellation)
    {
        RunPredictor predictor = setup.CreateRunPredictor(zoo);
        List<(ComparedRow?, SkipCause, string)> outcomes = [];
        foreach (EndToEndMeasurement run in measured)
        {
            cancellation.ThrowIfCancellationRequested();
            outcomes.AddRange(RunComparison.Of(run, classes, predictor));
        }

        return Split(outcomes);
    }

    private static (ImmutableArray<ComparedRow> Compared, ImmutableArray<SkippedRows> Skipped) Split(
        IReadOnlyCollection<(ComparedRow? Compared, SkipCause Cause, string Reason)> outcomes) =>
    (
        [.. outcomes.Select(outcome => outcome.Compared).OfType<ComparedRow>()],
        [
            .. from outcome in outcomes
               where outcome.Compared is null
               group outcome by (outcome.Cause, outcome.Reason) into skipped
               orderby skipped.Key.Cause, skipped.Count() descending, skipped.Key.Reason
               select new SkippedRows(skipped.Key.Cause, skipped.Key.Reason, skipped.Count()),
        ]);

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
}
