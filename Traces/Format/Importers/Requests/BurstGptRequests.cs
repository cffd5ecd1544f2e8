using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Requests;

namespace PimSim.Traces.Format.Importers.Requests;

/// <summary>
/// BurstGPT (github.com/HPMLL/BurstGPT): seconds since the first day, model, tokens of request and response. Release 2.0
/// adds the session, empty for calls of the API. A response of 0 tokens is a request that failed.
/// </summary>
internal static class BurstGptRequests
{
    public static readonly ImmutableArray<string> Columns = ["Timestamp", "Model", "Request tokens", "Response tokens"];

    public static IEnumerable<Request> Read(string path, ImportOptions options)
    {
        using CsvTable table = CsvTable.Open(path, options.Limits);
        int[] column = table.Require(Columns.AsSpan());
        int session = table.Find("Session ID");
        ArrivalClock clock = new();
        Dictionary<string, string> models = new(StringComparer.Ordinal);
        bool any = false;
        while (table.Read())
        {
            if (!clock.TryNext(table.Scaled(column[0], 9, "seconds"), out long arrival))
            {
                throw table.Fault("arrives before the request above it; sort the file by Timestamp");
            }

            string model = table.Text(column[1]);
            if (!models.TryAdd(model, model))
            {
                model = models[model];
            }

            any = true;
            yield return new Request(arrival, table.Integer(column[2], 0), table.Integer(column[3], 0))
            {
                Model = model,
                Session = session < 0 || table.Bytes(session).IsEmpty ? null : table.Text(session),
            };
        }

        if (!any)
        {
            throw ImportError.Of(path, "holds no requests");
        }
    }
}
