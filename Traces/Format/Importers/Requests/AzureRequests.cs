using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Requests;

namespace PimSim.Traces.Format.Importers.Requests;

/// <summary>
/// Azure LLM inference trace: a calendar time with up to nine decimals and, from 2024 on, an offset; tokens of context and
/// tokens generated.
/// </summary>
internal static class AzureRequests
{
    public static readonly ImmutableArray<string> Columns = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

    public static IEnumerable<Request> Read(string path, ImportOptions options)
    {
        using CsvTable table = CsvTable.Open(path, options.Limits);
        int[] column = table.Require(Columns.AsSpan());
        ArrivalClock clock = new();
        bool any = false;
        while (table.Read())
        {
            if (!CalendarTime.TryParse(table.Bytes(column[0]), out long nanoseconds))
            {
                throw table.Fault($"'TIMESTAMP' must be a time like 2023-11-16 18:17:03.9799600 from 1970 to 2200, not {ImportError.Show(table.Bytes(column[0]))}");
            }

            if (!clock.TryNext(nanoseconds, out long arrival))
            {
                throw table.Fault("arrives before the request above it; sort the file by TIMESTAMP");
            }

            any = true;
            yield return new Request(arrival, table.Integer(column[1], 0), table.Integer(column[2], 0));
        }

        if (!any)
        {
            throw ImportError.Of(path, "holds no requests");
        }
    }
}
