using System.Globalization;
using PimSim.Devices.Links;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Tests.Links;

/// <summary>One measured collective.</summary>
internal sealed record MeasuredCollective(string Architecture, string Link, CollectiveKind Kind, int Ranks, long Bytes, double Microseconds)
{
    private const string Folder = "realgpu/aiconfigurator";

    private static readonly Dictionary<string, CollectiveKind> Kinds = new(StringComparer.Ordinal)
    {
        ["all_reduce"] = CollectiveKind.AllReduce,
        ["all_gather"] = CollectiveKind.AllGather,
        ["reduce_scatter"] = CollectiveKind.ReduceScatter,
        ["alltoall"] = CollectiveKind.AllToAll,
    };

    /// <summary>aiconfigurator's NCCL 2.27.3 tables of A100 and H100; sizes there are in elements.</summary>
    public static List<MeasuredCollective> Nccl(string architecture) =>
    [
        .. from cells in Rows($"{Folder}/{Gpu(architecture)}/comm/nccl/2.27.3/nccl_perf.csv")
           let width = cells[1] == "half" ? 2 : 1
           select new MeasuredCollective(architecture, LinkOf(architecture), Kinds[cells[0]], Whole(cells[2]), Whole(cells[3]) * (long)width, Number(cells[4]) * 1e3),
    ];

    /// <summary>aiconfigurator's tables of vLLM 0.14's own all-reduce.</summary>
    public static List<MeasuredCollective> Custom(string architecture, bool graph) =>
    [
        .. from cells in Rows($"{Folder}/{Gpu(architecture)}/comm/vllm/0.14.0/custom_allreduce_perf.csv")
           where cells[5] == (graph ? "vllm_graph" : "vllm_eager")
           select new MeasuredCollective(architecture, LinkOf(architecture), CollectiveKind.AllReduce, Whole(cells[2]), Whole(cells[3]) * 2L, Number(cells[4]) * 1e3),
    ];

    /// <summary>Vidur's messages in a node with NVSwitch, from 64 KiB on.</summary>
    public static List<MeasuredCollective> Messages(string architecture) =>
    [
        .. from cells in Rows($"realgpu/vidur/data/profiling/network/{(architecture == "ampere" ? "a100_dgx" : "h100_dgx")}/send_recv.csv")
           where cells[9] == "2" && Whole(cells[7]) >= 65536
           select new MeasuredCollective(architecture, LinkOf(architecture), CollectiveKind.SendReceive, 2, Whole(cells[7]), Number(cells[3]) * 1e3),
    ];

    public static IEnumerable<string[]> Rows(string shared) => File.ReadLines(SharedData.Require(shared)).Skip(1).Select(line => line.Split(','));

    public static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    public double Predicted(CollectiveStack stack) =>
        new CollectiveModel(stack, Architecture, new CollectiveGroup(Ranks, LinkSpecification.Open(Link))).Cost(Kind, Bytes).Time.Value * 1e-6;

    public static int Whole(string cell) => int.Parse(cell, CultureInfo.InvariantCulture);

    private static string Gpu(string architecture) => architecture == "ampere" ? "a100_sxm" : "h100_sxm";

    private static string LinkOf(string architecture) => architecture == "ampere" ? "nvlink3" : "nvlink4";
}
