using PimSim.Devices.Stacks;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Cpu;

/// <summary>What a stack's kernels achieve, above 0 and at most 1.</summary>
/// <param name="Bandwidth">Of what the memory gives to streams.</param>
/// <param name="Gemm">Of the arithmetic peak, inside a tile of a product.</param>
/// <param name="Attention">Of the arithmetic peak, in attention.</param>
/// <param name="Elementwise">Of the arithmetic peak, in all others.</param>
public sealed record CpuAchieved(double Bandwidth, double Gemm, double Attention, double Elementwise);

/// <summary>How a product is cut into pieces that stay in registers.</summary>
/// <param name="Rows">Tokens of a piece.</param>
/// <param name="Columns">Outputs of a piece.</param>
/// <param name="Overhead">Start and end of a piece, in steps of its reduction.</param>
/// <param name="Unpack">Vector operations, beside the arithmetic, that turn a vector of weights of a type into numbers; absent types need none.</param>
public sealed record CpuTile(int Rows, int Columns, int Overhead, IReadOnlyDictionary<DataType, double> Unpack);

/// <summary>What calls cost.</summary>
/// <param name="Call">Of one kernel: interpreter, dispatch, allocation.</param>
/// <param name="Fork">Of one kernel that runs on several threads, to start and join them.</param>
/// <param name="ForkPerThread">More for each of these threads.</param>
/// <param name="ParallelFrom">Bytes that a kernel touches from which on it runs on all threads.</param>
/// <param name="HostPerStep">After each step.</param>
/// <param name="HostPerItem">Of an item that the program itself handles (a look-up, a candidate, an entry ranked); null where nothing says it.</param>
public sealed record CpuCalls(Picoseconds Call, Picoseconds Fork, Picoseconds ForkPerThread, long ParallelFrom, Picoseconds HostPerStep, Picoseconds? HostPerItem = null);

/// <summary>Software that runs on a host processor: storage, threads, efficiency of its kernels, cost of its calls.</summary>
/// <param name="Name">Name of the catalogue entry.</param>
/// <param name="WeightType">Storage of weights; replaces that of the operator.</param>
/// <param name="ActivationType">Storage of activations, and the type computed in.</param>
/// <param name="KvType">Storage of keys and values.</param>
/// <param name="Threads">Threads; 0 for one on each core.</param>
/// <param name="Achieved">Efficiencies.</param>
/// <param name="Tile">Blocking of products.</param>
/// <param name="Calls">Costs of calls.</param>
/// <param name="Kernels">Kernels per operator.</param>
public sealed record CpuStack(
    string Name, DataType WeightType, DataType ActivationType, DataType KvType, int Threads, CpuAchieved Achieved, CpuTile Tile, CpuCalls Calls, KernelTable Kernels)
{
    /// <summary>The class of such a stack in its file.</summary>
    public const string ClassName = "cpu";

    private const string AllCores = "all";

    /// <summary>Reads a catalogue entry. Faults go to its problem list; the result counts only if there are none.</summary>
    public static CpuStack Read(CatalogueEntry entry)
    {
        DataNode root = entry.Root;
        if (entry.Kind != SoftwareStack.EntryKind)
        {
            root.Optional("kind").Report($"'{entry.Kind}' is not a software stack; 'kind: {SoftwareStack.EntryKind}' is needed here");
        }

        root.Required("class").Word([ClassName], ClassName);
        DataNode types = root.Required("data_types");
        DataType Type(string key) => DataTypes.Parse(entry.Unwrap(types.Required(key)).Word(DataTypes.Names, DataTypes.Names[0]));
        DataNode achieved = root.Required("achieved");
        DataNode calls = root.Required("calls");
        Picoseconds Time(string key) => new((long)Math.Round(entry.Quantity(calls, key, Dimension.Time)));
        CpuStack stack = new(
            entry.Name,
            Type("weights"),
            Type("activations"),
            Type("kv"),
            ReadThreads(entry, root),
            new CpuAchieved(
                (double)entry.Share(achieved, "bandwidth"), (double)entry.Share(achieved, "gemm"), (double)entry.Share(achieved, "attention"), (double)entry.Share(achieved, "elementwise")),
            ReadTile(entry, root.Required("tile")),
            new CpuCalls(Time("cost_per_kernel"), Time("fork_join"), Time("fork_join_per_thread"), (long)entry.Quantity(calls, "parallel_from", Dimension.Size), Time("host_cost_per_step"), calls.Has("host_cost_per_item") ? Time("host_cost_per_item") : null),
            KernelTable.Read(entry, root.Required("kernels")));
        types.RejectUnknownKeys();
        achieved.RejectUnknownKeys();
        calls.RejectUnknownKeys();
        root.RejectUnknownKeys();
        return stack;
    }

    /// <summary>What the program takes for so many items.</summary>
    /// <exception cref="PimSimUserException">The stack does not say what an item takes.</exception>
    public Picoseconds HostWork(int items) => Calls.HostPerItem is { } item
        ? item * items
        : throw new PimSimUserException($"stack '{Name}' does not say what an item of the program's own work on the host takes ('host_cost_per_item' of its 'calls'), and the technique has such work");

    private static int ReadThreads(CatalogueEntry entry, DataNode root)
    {
        const int MostThreads = 1 << 16;
        DataNode threads = entry.Unwrap(root.Required("threads"));
        return threads.RawText == AllCores ? 0 : (int)threads.Integer(1, MostThreads, 1);
    }

    private static CpuTile ReadTile(CatalogueEntry entry, DataNode tile)
    {
        const int Longest = 4096;
        DataNode unpack = tile.Optional("unpack");
        Dictionary<DataType, double> operations = [];
        foreach ((string key, DataNode value) in unpack.Entries())
        {
            if (DataTypes.Names.Contains(key))
            {
                operations[DataTypes.Parse(key)] = (double)entry.Quantity(unpack, key, Dimension.Ratio);
            }
            else
            {
                value.Report($"'{key}' is not a data type; {NearestWord.Suggest(key, [.. DataTypes.Names])}");
            }
        }

        CpuTile read = new(entry.Integer(tile, "rows", 1, Longest), entry.Integer(tile, "columns", 1, Longest), entry.Integer(tile, "overhead", 0, Longest), operations);
        tile.RejectUnknownKeys();
        return read;
    }
}
