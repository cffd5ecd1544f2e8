using System.Collections.Immutable;
using System.Globalization;
using PimSim.Experiments.Calibration;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Validation;

/// <summary>The tables of a calibration.</summary>
public static class CalibrationTables
{
    /// <summary>Errors of each family: before, and on groups left out of the fit.</summary>
    public static ReportTable Errors(ImmutableArray<FamilyFit> fits) => new(
        "Errors of predicted times",
        [
            new("kernels", false), new("family", false), new("rows", true), new("groups", true), new("before: MAPE %", true),
            new("left out", false), new("MAPE %", true), new("bias %", true), new("P90 %", true),
        ],
        [.. fits.Select(Row)]);

    /// <summary>Every constant, as it was and as fitted on all rows.</summary>
    public static ReportTable Constants(ImmutableArray<FamilyFit> fits) => new(
        "Constants, fitted on all rows",
        [new("kernels", false), new("family", false), new("constant", false), new("before", true), new("fitted", true), new("unit", false)],
        [
            .. from fit in fits
               from index in Enumerable.Range(0, fit.Values.Length)
               let constant = fit.Family.Definitions[index]
               select (string[])[fit.Family.Section, fit.Family.Name, constant.Key, Text(fit.Family.Values[index]), Text(fit.Values[index]), constant.Unit],
        ]);

    /// <summary>Errors of the power: before, and on groups left out of the fit.</summary>
    public static ReportTable Errors(SiliconFit fit) => new(
        "Errors of predicted power, kernels of 100 us and more",
        [new("silicon", false), new("rows", true), new("before: MAPE %", true), new("left out: MAPE %", true), new("bias %", true), new("P90 %", true)],
        [
            (string[])[
                fit.Architecture, fit.Rows.ToString(CultureInfo.InvariantCulture), Percent(fit.Before.MeanAbsolute), Percent(fit.LeftOut.MeanAbsolute), Percent(fit.LeftOut.Bias),
                Percent(fit.LeftOut.Percentile90),
            ],
        ]);

    /// <summary>Energies, as they were and as fitted on all rows.</summary>
    public static ReportTable Constants(SiliconFit fit) => new(
        "Energies, fitted on all rows",
        [new("constant", false), new("before", true), new("fitted", true), new("unit", false)],
        [
            .. SiliconCalibration.Definitions.Select((constant, index) =>
            {
                double scale = constant.Unit == "%" ? 100 : 1;
                return (string[])[constant.Key, Text(scale * fit.Old[index]), Text(scale * fit.Values[index]), constant.Unit];
            }),
        ]);

    private static string[] Row(FamilyFit fit) =>
    [
        fit.Family.Section,
        fit.Family.Name,
        fit.Rows.ToString(CultureInfo.InvariantCulture),
        fit.Groups.ToString(CultureInfo.InvariantCulture),
        Percent(fit.Before.MeanAbsolute),
        fit.Folds == 0 ? "one group: no" : string.Create(CultureInfo.InvariantCulture, $"1/{fit.Folds} of the groups at a time"),
        Percent(fit.LeftOut?.MeanAbsolute),
        Percent(fit.LeftOut?.Bias),
        Percent(fit.LeftOut?.Percentile90),
    ];

    private static string Percent(double? share) => share is { } known ? (100 * known).ToString("0.0", CultureInfo.InvariantCulture) : "-";

    private static string Text(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
