namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>What one event says, in whatever order its file says it. One instance is filled again for every event.</summary>
internal sealed class KinetoEvent
{
    /// <summary>What an event does not state.</summary>
    public const long Absent = long.MinValue;

    private char[] _name = new char[256];

    /// <summary>Where the event starts in the file.</summary>
    public long Offset { get; set; }

    /// <summary>Whether it has a start and a duration (phase X).</summary>
    public bool Complete { get; set; }

    public KinetoCategory Category { get; set; }

    /// <summary>What it is called.</summary>
    public ReadOnlySpan<char> Name => _name.AsSpan(0, NameLength);

    public int NameLength { get; set; }

    /// <summary>Number of the host process.</summary>
    public int Process { get; set; }

    /// <summary>Number of the host thread.</summary>
    public int Thread { get; set; }

    public long StartNanoseconds { get; set; }

    public long DurationNanoseconds { get; set; }

    public long Correlation { get; set; }

    public long ExternalId { get; set; }

    public long Device { get; set; }

    public long Stream { get; set; }

    public OperatorArguments Arguments { get; } = new();

    /// <summary>Room for the name.</summary>
    public ref char[] NameBuffer => ref _name;

    public void Clear(long offset)
    {
        Offset = offset;
        Complete = false;
        Category = KinetoCategory.Other;
        NameLength = 0;
        Process = -1;
        Thread = -1;
        StartNanoseconds = Absent;
        DurationNanoseconds = Absent;
        Correlation = Absent;
        ExternalId = Absent;
        Device = Absent;
        Stream = Absent;
        Arguments.Clear();
    }
}
