using System.Globalization;
using System.Runtime.InteropServices;

namespace PimSim.Workloads.Engines;

/// <summary>This machine in words, for whoever reads measured times.</summary>
public static class MachineName
{
    private const string ProcessorList = "/proc/cpuinfo";
    private const string ModelKey = "model name";

    /// <summary>Processor, threads, system and runtime.</summary>
    public static string Text { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"{Processor()}, {Environment.ProcessorCount} threads, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}");

    private static string Processor()
    {
        string? line = File.Exists(ProcessorList) ? File.ReadLines(ProcessorList).FirstOrDefault(line => line.StartsWith(ModelKey, StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
