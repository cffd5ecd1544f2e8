namespace PimSim.Reports.Tables;

/// <summary>A column of a table.</summary>
/// <param name="Header">What it holds, with the unit.</param>
/// <param name="IsNumber">Aligned to the right.</param>
public sealed record ReportColumn(string Header, bool IsNumber);

/// <summary>A table as it is printed, on the screen and in the HTML page alike.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Columns">Left to right.</param>
/// <param name="Rows">Top to bottom, each with one text per column.</param>
public sealed record ReportTable(string Title, IReadOnlyList<ReportColumn> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
