using System.Collections.Immutable;
using System.Text.Json;
using PimSim.Traces.Format.Importers.Nsight;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Importers.Requests;
using PimSim.Traces.Format.Importers.Vidur;

namespace PimSim.Traces.Format.Importers;

/// <summary>
/// Tells from its content whose file it is: JSON by the first key that only one format has, CSV by the columns that an
/// importer needs. Names of files are not looked at.
/// </summary>
internal static class FormatDetector
{
    private static readonly ImmutableArray<(string Key, ImportFormat Format)> Keys =
    [
        ("traceEvents", ImportFormat.Kineto),
        ("ttfts", ImportFormat.VllmBenchmark),
        ("itls", ImportFormat.VllmBenchmark),
        ("input_lens", ImportFormat.VllmBenchmark),
        ("request_throughput", ImportFormat.VllmBenchmark),
        ("input_length", ImportFormat.Mooncake),
        ("hash_ids", ImportFormat.Mooncake),
        ("queued_ts", ImportFormat.VllmRequests),
        ("first_token_ts", ImportFormat.VllmRequests),
    ];

    private static readonly ImmutableArray<(ImportFormat Format, ImmutableArray<string> Columns)> Tables =
    [
        (ImportFormat.NsightKernelSummary, NsightKernelSummary.Columns),
        (ImportFormat.NsightGpuTrace, NsightGpuTrace.Columns),
        (ImportFormat.VidurMlp, VidurMlp.Columns),
        (ImportFormat.VidurAttention, VidurAttention.Columns),
        (ImportFormat.Azure, AzureRequests.Columns),
        (ImportFormat.BurstGpt, BurstGptRequests.Columns),
    ];

    public static ImportFormat Detect(string path, ImportLimits limits) => IsJson(path, limits) ? OfJson(path, limits) : OfTable(path, limits);

    public static bool IsJson(string path, ImportLimits limits)
    {
        using ByteSource bytes = new(path, limits);
        while (bytes.Peek() is ' ' or '\t' or '\r' or '\n')
        {
            bytes.Take();
        }

        return bytes.Peek() is '{' or '[';
    }

    private static ImportFormat OfJson(string path, ImportLimits limits)
    {
        using ImportStream stream = ImportStream.Open(path, limits);
        JsonTokens json = new(stream);

        // A Chrome trace may also be the bare list of its events.
        if (json.Next() == JsonTokenType.StartArray)
        {
            return ImportFormat.Kineto;
        }

        while (json.Next() == JsonTokenType.PropertyName)
        {
            foreach ((string key, ImportFormat format) in Keys)
            {
                if (json.Is(key))
                {
                    return format;
                }
            }

            json.SkipProperty();
        }

        throw ImportError.Of(path, $"is JSON of no format that can be imported: none of the keys {string.Join(", ", Keys.Select(key => key.Key))}");
    }

    private static ImportFormat OfTable(string path, ImportLimits limits)
    {
        using CsvTable table = CsvTable.Open(path, limits);
        (ImportFormat Format, ImmutableArray<string> Columns) best = default;
        double bestShare = 0;
        foreach ((ImportFormat format, ImmutableArray<string> columns) in Tables)
        {
            double share = columns.Count(column => table.Header.Contains(column)) / (double)columns.Length;
            if (share > bestShare)
            {
                (best, bestShare) = ((format, columns), share);
            }
        }

        if (bestShare == 1)
        {
            return best.Format;
        }

        throw table.Fault(bestShare >= 0.5
            ? $"looks like {best.Format.Name()}, but there is no column {string.Join(", ", best.Columns.Where(column => !table.Header.Contains(column)).Select(ImportError.Show))}"
            : $"is of no format that can be imported ({ImportFormats.NamesInOneText}); it starts with {ImportError.Show(string.Join(',', table.Header))}");
    }
}
