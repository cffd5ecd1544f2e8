namespace PimSim.Devices.Dram.Controller;

/// <summary>How waiting requests are held.</summary>
public enum QueueStructure : byte
{
    /// <summary>One read and one write queue for the channel; writes are posted and drained in batches.</summary>
    Split,

    /// <summary>One queue per bank for reads and writes together.</summary>
    PerBank,

    /// <summary>A read and a write queue that feed queues per bank, one request a cycle, as DRAMsim3 does.</summary>
    Staged,
}

/// <summary>Which of the commands that could be issued in a cycle is.</summary>
public enum Arbitration : byte
{
    /// <summary>FR-FCFS: column commands before row commands, then the oldest request.</summary>
    RowHitFirst,

    /// <summary>The command of the oldest request of those whose next command is ready.</summary>
    OldestReady,

    /// <summary>One bank after the other, starting behind the bank served last.</summary>
    RoundRobin,
}

/// <summary>When a row is closed that no request asks to be closed.</summary>
public enum PagePolicy : byte
{
    /// <summary>Only for another row or a refresh.</summary>
    Open,

    /// <summary>With the last waiting access to it (auto-precharge).</summary>
    Closed,

    /// <summary>After a time without an access.</summary>
    Timeout,
}

/// <summary>Which refresh command is used.</summary>
public enum RefreshCommand : byte
{
    /// <summary>No refresh.</summary>
    None,

    /// <summary>REFab: a whole rank.</summary>
    AllBank,

    /// <summary>REFpb: one bank after the other.</summary>
    PerBank,

    /// <summary>REFsb: the same bank of every group, one number after the other.</summary>
    SameBank,
}

/// <summary>The parts that a controller is put together from.</summary>
public sealed record ControllerPolicy
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Queues.</summary>
    public QueueStructure Queues { get; init; } = QueueStructure.Split;

    /// <summary>Reads that wait at most (split and staged queues).</summary>
    public int ReadQueueSize { get; init; } = 32;

    /// <summary>Writes that wait at most (split and staged queues).</summary>
    public int WriteQueueSize { get; init; } = 32;

    /// <summary>Requests that wait for one bank at most (per-bank and staged queues).</summary>
    public int BankQueueSize { get; init; } = 8;

    /// <summary>Writes are served once so many wait, or none but writes wait.</summary>
    public int WriteHighWatermark { get; init; } = 24;

    /// <summary>Reads are served again once no more than so many writes wait. Staged queues drain all that were there.</summary>
    public int WriteLowWatermark { get; init; } = 8;

    /// <summary>Order among ready commands.</summary>
    public Arbitration Arbitration { get; init; } = Arbitration.RowHitFirst;

    /// <summary>Column commands per activation after which an older request for another row of the bank comes first; 0 for
    /// no cap.</summary>
    public int RowHitCap { get; init; } = 16;

    /// <summary>At the cap, hits wait. Otherwise they are served for as long as the precharge is not ready.</summary>
    public bool CapHoldsHits { get; init; } = true;

    /// <summary>A request for another row may close a row that other waiting requests hit.</summary>
    public bool ClosesOverHits { get; init; }

    /// <summary>The request that a row was opened for leaves its queue then, and is served before anything else and before the row
    /// is closed.</summary>
    public bool ServesOpenerFirst { get; init; }

    /// <summary>When idle rows are closed.</summary>
    public PagePolicy Page { get; init; } = PagePolicy.Open;

    /// <summary>Cycles without an access until <see cref="PagePolicy.Timeout"/> closes a row.</summary>
    public int PageTimeoutCycles { get; init; } = 200;

    /// <summary>Refresh command.</summary>
    public RefreshCommand Refresh { get; init; } = RefreshCommand.AllBank;

    /// <summary>Refreshes that are put off while requests wait for the banks, up to the standard's limit.</summary>
    public int PostponedRefreshes { get; init; }

    /// <summary>The refreshes of ranks are spread over the interval.</summary>
    public bool StaggersRefresh { get; init; } = true;

    /// <summary>The first refresh comes due so many cycles before the end of its interval.</summary>
    public int RefreshLeadCycles { get; init; }

    /// <summary>A rank's banks are closed one by one before a refresh, without PREA.</summary>
    public bool RefreshClosesSingly { get; init; }

    /// <summary>While a refresh is waiting, no bank of the channel takes new commands, and refreshes go one after the other.</summary>
    public bool RefreshHoldsChannel { get; init; }

    /// <summary>A read of an address whose write waits is answered from the queue.</summary>
    public bool ForwardsWrites { get; init; } = true;

    /// <summary>A write of an address whose write waits replaces it.</summary>
    public bool MergesWrites { get; init; } = true;

    /// <summary>Address mapping for traces of addresses, unless another is asked for.</summary>
    public string Mapping { get; init; } = "RoRaBaCoBgPcCh";
}
