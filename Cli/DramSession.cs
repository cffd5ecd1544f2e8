using System.Diagnostics;
using System.Globalization;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;
using PimSim.Experiments.Running;
using PimSim.Reports.Dram;
using PimSim.Reports.Tables;
using PimSim.Traces.Format.Documents;

namespace PimSim.Cli;

/// <summary>One run of <c>pimsim dram</c>.</summary>
internal sealed class DramSession(
    string trace, DramSetup setup, RequestFormat? format, string? commandsPath, string? latenciesPath, string? folder, bool json)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    public int Run()
    {
        using Interruption interruption = new();
        return Run(interruption.Token);
    }

    private int Run(CancellationToken cancellation)
    {
        foreach (string note in setup.Notes)
        {
            Console.Error.WriteLine($"note: {note}");
        }

        // Files of commands and latencies are written while the run goes on, and renamed when it is complete.
        DramRun? run = null;
        Written(commandsPath, commands => Written(latenciesPath, latencies => run = Simulate(commands, latencies, cancellation)));
        if (folder is not null)
        {
            DramReportFolder.Write(run!, folder);
        }

        Print(run!);
        return 0;
    }

    private static void Written(string? path, Action<Stream?> write)
    {
        if (path is null)
        {
            write(null);
        }
        else
        {
            AtomicFile.Write(path, write);
        }
    }

    private DramRun Simulate(Stream? commandStream, Stream? latencyStream, CancellationToken cancellation)
    {
        using DramCommandCsv? commands = commandStream is null ? null : new DramCommandCsv(commandStream, setup.Memory.Organization);
        using DramLatencyCsv? latencies = latencyStream is null ? null : new DramLatencyCsv(latencyStream);
        using IRequestSource source = RequestFile.Open(trace, setup.Mapping, format);
        bool watched = commands is not null || latencies is not null;
        DramMemorySystem system = new(
            setup.Memory, setup.Policy, setup.Mapping.Channels, channel => watched ? new DramTraceObserver(channel, commands, latencies) : null);
        using Timer? progress = Console.IsErrorRedirected ? null : ShowProgress(system);
        return new DramRun(trace, setup, system.Run(source, cancellation), ExperimentRunner.Version);
    }

    private static Timer ShowProgress(DramMemorySystem system)
    {
        long start = Stopwatch.GetTimestamp();
        return new Timer(
            _ => Console.Error.Write(string.Create(
                CultureInfo.InvariantCulture, $"\r{system.Requests:N0} requests, {system.Requests / Stopwatch.GetElapsedTime(start).TotalSeconds * 1e-6:F2} M/s ")),
            null,
            ProgressInterval,
            ProgressInterval);
    }

    private void Print(DramRun run)
    {
        if (json)
        {
            using Stream output = Console.OpenStandardOutput();
            output.Write(DramStatisticsJson.Write(run));
            return;
        }

        foreach (ReportTable table in DramTables.Of(run))
        {
            ScreenTables.Print(table);
        }
    }
}
