using System.Collections.Immutable;

namespace PimSim.Traces.Format.Importers;

/// <summary>What an importer made of the measured work in a file: nothing is lost, matched and opaque add up to all of it.</summary>
/// <param name="Activities">Kernels, copies and memsets.</param>
/// <param name="BusyNanoseconds">Their durations, added up over all streams.</param>
/// <param name="MatchedActivities">Those that belong to an operator with a shape.</param>
/// <param name="MatchedNanoseconds">Their durations.</param>
public sealed record ImportSummary(long Activities, long BusyNanoseconds, long MatchedActivities, long MatchedNanoseconds)
{
    /// <summary>Activities that stay opaque.</summary>
    public long OpaqueActivities => Activities - MatchedActivities;

    /// <summary>Their durations.</summary>
    public long OpaqueNanoseconds => BusyNanoseconds - MatchedNanoseconds;

    /// <summary>Share of the busy time that has a shape.</summary>
    public double MatchedShare => BusyNanoseconds == 0 ? 0 : (double)MatchedNanoseconds / BusyNanoseconds;

    /// <summary>Time in which at least one stream was busy: less than the sum where streams overlap; 0 where the file has no times.</summary>
    public long AnyStreamBusyNanoseconds { get; init; }

    /// <summary>Busy time of each stream.</summary>
    public ImmutableArray<StreamTime> Streams { get; init; } = [];

    /// <summary>Names of the steps, in order; empty if the file has none.</summary>
    public ImmutableArray<string> StepNames { get; init; } = [];

    /// <summary>Operators whose name is known and whose shape was not recorded or leaves a doubt; their kernels stay opaque.</summary>
    public int DoubtfulOperators { get; init; }

    /// <summary>Activities whose launch on the host is not in the file.</summary>
    public long UnlinkedActivities { get; init; }
}
