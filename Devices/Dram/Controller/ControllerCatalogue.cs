using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Controller;

/// <summary>Controllers as catalogue files (<c>kind: dram-controller</c>).</summary>
public static class ControllerCatalogue
{
    /// <summary>The controller that is used where none is asked for.</summary>
    public const string Default = "frfcfs";

    private const string Kind = "dram-controller";
    private const int LargestQueue = 4096;
    private const int LongestWait = 1 << 24;

    // In the order of the enumerations.
    private static readonly string[] Structures = ["split", "per-bank", "staged"];
    private static readonly string[] Arbitrations = ["row-hit-first", "oldest-ready", "round-robin"];
    private static readonly string[] Pages = ["open", "closed", "timeout"];
    private static readonly string[] Refreshes = ["none", "all-bank", "per-bank", "same-bank"];

    /// <summary>The shipped controllers, and before them those of a user's catalogue folder.</summary>
    public static CatalogueFolder Controllers(string? userFolder, InputFiles? opened = null) => DramCatalogue.Folder("controller", "controllers", userFolder, opened);

    /// <summary>Reads a controller by its name in the catalogue or by the path of a file.</summary>
    /// <exception cref="PimSimUserException">There is no such controller, or its file has faults.</exception>
    public static ControllerPolicy Open(string nameOrPath)
    {
        CatalogueFolder folder = Controllers(null);
        ProblemList problems = new();
        CatalogueEntry entry = folder.Contains(nameOrPath) || !File.Exists(nameOrPath)
            ? folder.Open(nameOrPath, problems)
            : new CatalogueEntry(DataNode.Load(nameOrPath, problems));
        ControllerPolicy policy = Read(entry);
        problems.ThrowIfAny();
        return policy;
    }

    private static ControllerPolicy Read(CatalogueEntry entry)
    {
        DataNode root = entry.Root;
        if (entry.Kind != Kind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a memory controller: kind '{Kind}' is needed here");
        }

        ControllerPolicy defaults = new() { Name = entry.Name };
        ControllerPolicy policy = defaults with
        {
            Queues = (QueueStructure)Choice(root, "queues", Structures),
            ReadQueueSize = Count(root, "readQueue", 1, LargestQueue, defaults.ReadQueueSize),
            WriteQueueSize = Count(root, "writeQueue", 1, LargestQueue, defaults.WriteQueueSize),
            BankQueueSize = Count(root, "bankQueue", 1, LargestQueue, defaults.BankQueueSize),
            WriteHighWatermark = Count(root, "writeHighWatermark", 1, LargestQueue, defaults.WriteHighWatermark),
            WriteLowWatermark = Count(root, "writeLowWatermark", 0, LargestQueue, defaults.WriteLowWatermark),
            Arbitration = (Arbitration)Choice(root, "arbitration", Arbitrations),
            RowHitCap = Count(root, "rowHitCap", 0, LongestWait, defaults.RowHitCap),
            CapHoldsHits = Flag(root, "capHoldsHits", defaults.CapHoldsHits),
            ClosesOverHits = Flag(root, "closesOverHits", defaults.ClosesOverHits),
            ServesOpenerFirst = Flag(root, "servesOpenerFirst", defaults.ServesOpenerFirst),
            Page = (PagePolicy)Choice(root, "page", Pages),
            PageTimeoutCycles = Count(root, "pageTimeoutCycles", 1, LongestWait, defaults.PageTimeoutCycles),
            Refresh = (RefreshCommand)Choice(root, "refresh", Refreshes),
            PostponedRefreshes = Count(root, "postponedRefreshes", 0, 8, defaults.PostponedRefreshes),
            StaggersRefresh = Flag(root, "staggersRefresh", defaults.StaggersRefresh),
            RefreshLeadCycles = Count(root, "refreshLeadCycles", 0, 64, defaults.RefreshLeadCycles),
            RefreshClosesSingly = Flag(root, "refreshClosesSingly", defaults.RefreshClosesSingly),
            RefreshHoldsChannel = Flag(root, "refreshHoldsChannel", defaults.RefreshHoldsChannel),
            ForwardsWrites = Flag(root, "forwardsWrites", defaults.ForwardsWrites),
            MergesWrites = Flag(root, "mergesWrites", defaults.MergesWrites),
            Mapping = root.Optional("mapping").Text(defaults.Mapping),
        };
        CheckWatermarks(root, policy);
        RejectKeysWithoutEffect(root, policy);
        root.RejectUnknownKeys();
        return policy;
    }

    private static void CheckWatermarks(DataNode root, ControllerPolicy policy)
    {
        if (policy.Queues != QueueStructure.Split)
        {
            return;
        }

        if (policy.WriteHighWatermark > policy.WriteQueueSize)
        {
            root.Optional("writeHighWatermark").Report($"{policy.WriteHighWatermark} writes never wait in a queue of {policy.WriteQueueSize}");
        }

        if (policy.WriteLowWatermark >= policy.WriteHighWatermark)
        {
            root.Optional("writeLowWatermark").Report($"must be below the high watermark of {policy.WriteHighWatermark}");
        }
    }

    /// <summary>A key that the other keys leave without effect is a mistake: its writer expects one.</summary>
    private static void RejectKeysWithoutEffect(DataNode root, ControllerPolicy policy)
    {
        string queues = $"queues: {Structures[(int)policy.Queues]}";
        Reject(policy.Queues == QueueStructure.PerBank, $"'{queues}'", "readQueue", "writeQueue");
        Reject(policy.Queues == QueueStructure.Split, $"'{queues}'", "bankQueue");
        Reject(policy.Queues != QueueStructure.Split, $"'{queues}'", "writeHighWatermark", "writeLowWatermark");
        Reject(policy.RowHitCap == 0, "'rowHitCap: 0'", "capHoldsHits");
        Reject(policy.Page != PagePolicy.Timeout, $"'page: {Pages[(int)policy.Page]}'", "pageTimeoutCycles");
        Reject(
            policy.Refresh == RefreshCommand.None, "'refresh: none'", "postponedRefreshes", "staggersRefresh", "refreshLeadCycles", "refreshClosesSingly", "refreshHoldsChannel");
        Reject(policy.Refresh is RefreshCommand.PerBank or RefreshCommand.SameBank, $"'refresh: {Refreshes[(int)policy.Refresh]}'", "refreshClosesSingly");

        void Reject(bool withoutEffect, string cause, params ReadOnlySpan<string> keys)
        {
            foreach (string key in keys)
            {
                if (withoutEffect && root.Optional(key) is { Exists: true } node)
                {
                    node.Report($"'{key}' has no effect with {cause}; leave it out");
                }
            }
        }
    }

    private static int Count(DataNode root, string key, int minimum, int maximum, int fallback) =>
        root.Optional(key) is { Exists: true } node ? (int)node.Integer(minimum, maximum, fallback) : fallback;

    private static bool Flag(DataNode root, string key, bool fallback) =>
        root.Optional(key) is { Exists: true } node ? node.Flag(fallback) : fallback;

    private static int Choice(DataNode root, string key, string[] words) => Array.IndexOf(words, root.Required(key).Word(words, words[0]));
}
