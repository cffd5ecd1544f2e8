using System.Globalization;
using PimSim.Experiments.Validation;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Reports.Validation;

/// <summary>The tables of a validation; docs/validation.md says what each number means.</summary>
public static class ValidationTables
{
    private const double NanosecondsPerMicrosecond = 1e3;
    private const int MostReasons = 12;

    /// <summary>All tables, errors first.</summary>
    public static IEnumerable<ReportTable> Of(ValidationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        yield return Errors(result);
        yield return Sizes(result);
        if (result.All.Energy is not null)
        {
            yield return Energies(result);
        }

        yield return Worst(result);
        if (Skipped(result) is { } skipped)
        {
            yield return skipped;
        }
    }

    /// <summary>What the predictions are of, in a line.</summary>
    public static string Subject(ValidationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        bool communicates = result.Classes.Any(one => one.Class == MeasurementClass.Collective);
        return communicates ? $"{result.Device} with {result.Stack}; {result.Collectives} over {result.Link}" : $"{result.Device} with {result.Stack}";
    }

    /// <summary>The word for a class, or for all.</summary>
    public static string NameOf(MeasurementClass? kind) => kind is { } one ? MeasurementClasses.Word(one) : "all";

    private static IEnumerable<ClassErrors> ClassesAndAll(ValidationResult result) => result.Classes.Length > 1 ? result.Classes.Append(result.All) : result.Classes;

    private static ReportTable Errors(ValidationResult result) => new(
        $"Predicted against measured times: {Subject(result)}",
        [Text("class"), Number("rows"), Number("MAPE %"), Number("bias %"), Number("P50 %"), Number("P90 %"), Number("largest %"), Number("roofline fitted to these rows: MAPE %")],
        [
            .. from one in ClassesAndAll(result)
               let errors = one.Errors
               select (string[])
               [
                   NameOf(one.Class), Count(errors.Count), Percent(errors.MeanAbsolute), Signed(errors.Bias), Percent(errors.Median), Percent(errors.Percentile90), Percent(errors.Largest),
                   one.BaselineErrors is { } baseline ? Percent(baseline.MeanAbsolute) : "too few rows",
               ],
        ]);

    private static ReportTable Sizes(ValidationResult result) => new(
        "By measured time",
        [Text("class"), Text("measured time"), Number("rows"), Number("MAPE %"), Number("bias %"), Number("P90 %")],
        [
            .. from one in ClassesAndAll(result)
               from size in one.Sizes
               select (string[])
               [
                   NameOf(one.Class), $"{Time(size.FromNs)} to {Time(size.FromNs * 10)}", Count(size.Errors.Count), Percent(size.Errors.MeanAbsolute), Signed(size.Errors.Bias), Percent(size.Errors.Percentile90),
               ],
        ]);

    private static ReportTable Energies(ValidationResult result) => new(
        "Energy and power (NVML averages over milliseconds: the power of kernels below 100 us is not resolved)",
        [Text("class"), Text("kernels"), Number("rows"), Number("energy MAPE %"), Number("energy bias %"), Number("power MAPE %"), Number("power bias %")],
        [
            .. from one in ClassesAndAll(result)
               where one.Energy is not null
               from row in EnergyRows(one)
               select row,
        ]);

    private static IEnumerable<string[]> EnergyRows(ClassErrors one)
    {
        EnergyErrors energy = one.Energy!;
        yield return Row("all", energy.Energy, energy.Power);
        if (energy is { LongEnergy: { } longEnergy, LongPower: { } longPower })
        {
            yield return Row("from 100 us", longEnergy, longPower);
        }

        string[] Row(string kernels, ErrorStatistics joules, ErrorStatistics watts) =>
            [NameOf(one.Class), kernels, Count(joules.Count), Percent(joules.MeanAbsolute), Signed(joules.Bias), Percent(watts.MeanAbsolute), Signed(watts.Bias)];
    }

    private static ReportTable Worst(ValidationResult result) => new(
        "Worst cases",
        [Text("class"), Text("operator"), Text("shape"), Number("measured us"), Number("predicted us"), Number("error %"), Text("where")],
        [
            .. from one in result.Classes
               from row in one.Worst
               select (string[])
               [
                   NameOf(one.Class), row.Measurement.Name, Shapes.Of(row.Measurement), Microseconds(row.MeasuredNs), Microseconds(row.PredictedNs), Signed(row.Ratio - 1),
                   Place(row.Measurement),
               ],
        ]);

    /// <summary>File with its folder, which tells one model's table from another's, and line.</summary>
    private static string Place(Measurement row) => string.Create(
        CultureInfo.InvariantCulture, $"{Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(row.File)))}/{Path.GetFileName(row.File)}:{row.Line}");

    private static ReportTable? Skipped(ValidationResult result)
    {
        List<IReadOnlyList<string>> rows = [];
        foreach (SkippedRows one in result.Skipped.Take(MostReasons))
        {
            rows.Add([CauseText(one.Cause), one.Reason, Count(one.Count)]);
        }

        if (result.Skipped.Length > MostReasons)
        {
            rows.Add(["", $"{result.Skipped.Length - MostReasons} further reasons", Count(result.Skipped.Skip(MostReasons).Sum(one => one.Count))]);
        }

        if (result.SkippedFiles.Length > 0)
        {
            rows.Add(["other files", $"{Path.GetFileName(result.SkippedFiles[0].Path)}: {result.SkippedFiles[0].Reason}", $"{Count(result.SkippedFiles.Length)} file(s)"]);
        }

        return rows.Count == 0 ? null : new ReportTable("Not compared", [Text("cause"), Text("reason"), Number("rows")], rows);
    }

    private static string CauseText(SkipCause cause) => cause switch
    {
        SkipCause.Caution => "known to be wrong",
        SkipCause.Unmatched => "no operator",
        SkipCause.NotPredicted => "no prediction",
        _ => "not asked for",
    };

    private static ReportColumn Text(string header) => new(header, IsNumber: false);

    private static ReportColumn Number(string header) => new(header, IsNumber: true);

    private static string Count(int count) => count.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double part) => (100 * part).ToString("F1", CultureInfo.InvariantCulture);

    private static string Signed(double part) => (100 * part).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);

    private static string Microseconds(double nanoseconds) => SignificantDigits.Format(nanoseconds / NanosecondsPerMicrosecond);

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 0.999e3 => $"{SignificantDigits.Format(nanoseconds, 1)} ns",
        < 0.999e6 => $"{SignificantDigits.Format(nanoseconds * 1e-3, 1)} us",
        < 0.999e9 => $"{SignificantDigits.Format(nanoseconds * 1e-6, 1)} ms",
        _ => $"{SignificantDigits.Format(nanoseconds * 1e-9, 1)} s",
    };
}
