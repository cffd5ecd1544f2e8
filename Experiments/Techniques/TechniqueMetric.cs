namespace PimSim.Experiments.Techniques;

/// <summary>What a published number of a technique measures, and how it is computed from what a run took.</summary>
/// <param name="Word">In files.</param>
/// <param name="Unit">Of the number.</param>
/// <param name="Compares">Whether it needs another run.</param>
/// <param name="Value">From the run and the other; null where the run has no such number.</param>
public sealed record TechniqueMetric(string Word, string Unit, bool Compares, Func<TechniqueResult, TechniqueResult, double?> Value)
{
    private const double Mebi = 1 << 20;

    /// <summary>All metrics by word.</summary>
    public static IReadOnlyDictionary<string, TechniqueMetric> All { get; } = new TechniqueMetric[]
    {
        // Over another run: of rates this over that, of costs that over this, so that more is better.
        new("speedUp", "x", true, (run, other) => Rate(run) / Rate(other)),
        new("sequenceSpeedUp", "x", true, (run, other) => SequenceRate(run) / SequenceRate(other)),
        new("timeSpeedUp", "x", true, (run, other) => other.Seconds / run.Seconds),
        new("decodeSpeedUp", "x", true, (run, other) => DecodeSeconds(other) / DecodeSeconds(run)),
        new("energyRatio", "x", true, (run, other) => other.Joules / other.Tokens / (run.Joules / run.Tokens)),
        new("memoryRatio", "x", true, (run, other) => (double)Memory(other) / Memory(run)),
        new("kvRatio", "x", true, (run, other) => (double)other.PeakKvBytes / run.PeakKvBytes),
        new("kvPerSequenceRatio", "x", true, (run, other) => (double)other.PeakKvBytes / other.Sequences / ((double)run.PeakKvBytes / run.Sequences)),
        new("flopsRatio", "x", true, (run, other) => (double)other.Flops / run.Flops),
        new("bytesRatio", "x", true, (run, other) => (double)other.Bytes / run.Bytes),
        new("stepsRatio", "x", true, (run, other) => (double)other.Steps / run.Steps),
        new("addedMebibytes", "MiB", true, (run, other) => (Memory(run) - Memory(other)) / Mebi),

        new("seconds", "s", false, (run, _) => run.Seconds),
        new("milliseconds", "ms", false, (run, _) => 1e3 * run.Seconds),
        new("firstTokenSeconds", "s", false, (run, _) => run.FirstTokenSeconds),
        new("tokensPerSecond", "1/s", false, (run, _) => Rate(run)),
        new("sequencesPerSecond", "1/s", false, (run, _) => SequenceRate(run)),
        new("millisecondsPerToken", "ms", false, (run, _) => 1e3 * DecodeSeconds(run)),
        new("secondsPerStep", "s", false, (run, _) => run.Seconds / run.Steps),
        new("kvMebibytes", "MiB", false, (run, _) => run.PeakKvBytes / Mebi),
        new("kvGigabytes", "GB", false, (run, _) => 1e-9 * run.PeakKvBytes),
        new("kvGibibytes", "GiB", false, (run, _) => run.PeakKvBytes / Mebi / 1024),
        new("memoryGigabytes", "GB", false, (run, _) => 1e-9 * Memory(run)),
        new("weightGigabytes", "GB", false, (run, _) => 1e-9 * run.WeightBytes),
        new("kvMebibytesPerSequence", "MiB", false, (run, _) => run.PeakKvBytes / Mebi / run.Sequences),
        new("millionParameters", "M", false, (run, _) => 1e-6 * run.Parameters),
        new("steps", "", false, (run, _) => run.Steps),
        new("joulesPerToken", "J", false, (run, _) => run.Tokens > 0 ? run.Joules / run.Tokens : null),
        new("dollarsPerMillionTokens", "$", false, (run, _) => run.Tokens > 0 ? run.Dollars / run.Tokens * 1e6 : null),
        new("latencyRatio", "x", true, (run, other) => run.MeanLatencySeconds / other.MeanLatencySeconds),
        new("tokensPerStep", "", false, (run, _) => (double)run.Tokens / run.Steps),
        new("addedMillionParameters", "M", true, (run, other) => 1e-6 * (run.Parameters - other.Parameters)),

        // What a program sees of the device's memory at its fullest: beside what is kept, the operands of the operator that has most of them.
        new("peakGibibytes", "GiB", false, (run, _) => (Memory(run) + run.PeakOperandBytes) / Mebi / 1024),
        new("kvShareOfWeights", "", false, (run, _) => (double)run.PeakKvBytes / run.WeightBytes),
        new("linkMilliseconds", "ms", false, (run, _) => LinkMilliseconds(run)),
        new("addedLinkMilliseconds", "ms", true, (run, other) => LinkMilliseconds(run) - LinkMilliseconds(other)),
        new("memoryMebibytes", "MiB", false, (run, _) => Memory(run) / Mebi),
    }.ToDictionary(metric => metric.Word, StringComparer.Ordinal);

    private static double? Rate(TechniqueResult run) => run.Tokens > 0 ? run.Tokens / run.Seconds : null;

    private static double SequenceRate(TechniqueResult run) => run.Sequences / run.Seconds;

    private static long Memory(TechniqueResult run) => run.WeightBytes + run.PeakKvBytes;

    private static double LinkMilliseconds(TechniqueResult run) => 1e-9 * run.TimePs.GetValueOrDefault("links");

    /// <summary>Seconds per token of a sequence after the first.</summary>
    private static double? DecodeSeconds(TechniqueResult run)
    {
        long after = (run.Tokens / run.Sequences) - 1;
        return run.FirstTokenSeconds is { } first && after > 0 ? (run.Seconds - first) / after : null;
    }
}
