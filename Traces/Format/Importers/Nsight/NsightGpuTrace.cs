using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Nsight;

/// <summary>Every kernel, copy and memset with its start: one step of opaque operators in the order of time.</summary>
internal static class NsightGpuTrace
{
    public static readonly ImmutableArray<string> Columns = ["Start (ns)", "Duration (ns)", "Name"];

    public static ImportedSteps Read(string path, ImportOptions options)
    {
        using CsvTable table = CsvTable.Open(path, options.Limits);
        int[] column = table.Require(Columns.AsSpan());
        int device = table.Find("Device");
        int stream = table.Find("Strm");
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        Dictionary<string, StreamTime> streams = new(StringComparer.Ordinal);
        List<(long Start, long Duration, string Name)> activities = [];
        long busy = 0;
        while (table.Read())
        {
            long start = table.Scaled(column[0], 0, "nanoseconds");
            long duration = table.Scaled(column[1], 0, "nanoseconds", TraceLimits.Nanoseconds);
            if (start > long.MaxValue - duration || busy > long.MaxValue - duration)
            {
                throw table.Fault("times beyond 292 years");
            }

            busy += duration;
            string name = table.Text(column[2]);
            if (!names.TryAdd(name, name))
            {
                name = names[name];
            }

            if (activities.Count == TraceLimits.OperatorsPerStep)
            {
                throw table.Fault($"more than {TraceLimits.OperatorsPerStep} activities");
            }

            activities.Add((start, duration, name));
            string on = $"device {(device < 0 ? "?" : table.Text(device))} stream {(stream < 0 ? "?" : table.Text(stream))}";
            StreamTime sofar = streams.GetValueOrDefault(on, new StreamTime(on, 0, 0));
            streams[on] = sofar with { Activities = sofar.Activities + 1, BusyNanoseconds = sofar.BusyNanoseconds + duration };
        }

        if (activities.Count == 0)
        {
            throw ImportError.Of(path, "holds no GPU activity, only the names of its columns");
        }

        // OrderBy is stable: what starts together stays in the order of the file.
        (long Start, long Duration, string Name)[] ordered = [.. activities.OrderBy(activity => activity.Start)];
        Step step = new(
            0,
            options.Phase,
            [new StepBlock([.. ordered.Select(activity => OpaqueOperator.New(activity.Name, activity.Duration, options.Phase))], 1)],
            CommittedTokens: 0)
        {
            MeasuredNanoseconds = [.. ordered.Select(activity => activity.Duration)],
        };
        return new ImportedSteps(path, ImportFormat.NsightGpuTrace, [step], new ImportSummary(ordered.Length, busy, 0, 0)
        {
            AnyStreamBusyNanoseconds = Union(ordered),
            Streams = [.. streams.Values.OrderBy(time => time.Name, StringComparer.Ordinal)],
        });
    }

    private static long Union((long Start, long Duration, string Name)[] ordered)
    {
        long total = 0;
        long end = 0;
        foreach ((long start, long duration, _) in ordered)
        {
            total += Math.Max(0, start + duration - Math.Max(end, start));
            end = Math.Max(end, start + duration);
        }

        return total;
    }
}
