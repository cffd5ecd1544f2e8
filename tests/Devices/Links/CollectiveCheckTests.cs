using System.Globalization;
using PimSim.Devices.Links;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Links;

/// <summary>
/// The fitted stack against measurements by others that no fit has seen: other machines, other GPUs, more than one node. Run
/// with <c>tests/Devices/bin/Release/net10.0/linux-x64/PimSim.Devices.Tests -class "*CollectiveCheckTests" -showliveoutput</c>.
/// </summary>
public class CollectiveCheckTests(ITestOutputHelper output)
{
    private const long Mebibyte = 1 << 20;
    private static readonly CollectiveStack Nccl = CollectiveStack.Open("nccl-2.27");

    /// <summary>Vidur times single calls of PyTorch, whose small sizes scatter between 7 and 66 us: from 1 MiB on only. Its
    /// messages between a pair of A100 reach 285 GB/s, more than the 274 that a copy engine does, and the file of its H100 pair
    /// is the same byte for byte: doubtful.</summary>
    [Theory]
    [InlineData("a100_dgx", "all_reduce", "nvlink3", 2, 2, 0.20)]
    [InlineData("a100_dgx", "all_reduce", "nvlink3", 4, 4, 0.20)]
    [InlineData("a100_dgx", "all_reduce", "nvlink3", 8, 8, 0.20)]
    [InlineData("h100_dgx", "all_reduce", "nvlink4", 2, 2, 0.15)]
    [InlineData("h100_dgx", "all_reduce", "nvlink4", 4, 4, 0.15)]
    [InlineData("h100_dgx", "all_reduce", "nvlink4", 8, 8, 0.10)]
    [InlineData("a100_pairwise_nvlink", "all_reduce", "nvlink3-pair", 2, 2, 0.10)]
    [InlineData("a100_pairwise_nvlink", "send_recv", "nvlink3-pair", 2, 2, 0.45)]
    [InlineData("h100_dgx", "send_recv", "nvlink4", 2, 1, 0.20)]
    public void Vidur(string machine, string collective, string link, int ranks, int perNode, double most)
    {
        CollectiveKind kind = collective == "all_reduce" ? CollectiveKind.AllReduce : CollectiveKind.SendReceive;
        LinkSpecification? network = ranks > perNode ? LinkSpecification.Open("infiniband-ndr") : null;
        string architecture = machine.StartsWith("a100", StringComparison.Ordinal) ? "ampere" : "hopper";
        CollectiveModel model = new(Nccl, architecture, new CollectiveGroup(ranks, perNode, LinkSpecification.Open(link), network, perNode));
        IEnumerable<double> errors =
            from cells in MeasuredCollective.Rows($"realgpu/vidur/data/profiling/network/{machine}/{collective}.csv")
            let size = MeasuredCollective.Whole(cells[7])
            where MeasuredCollective.Whole(cells[6]) == ranks && MeasuredCollective.Whole(cells[9]) == perNode && size >= Mebibyte
            select (Microseconds(model, kind, size) / (MeasuredCollective.Number(cells[3]) * 1e3)) - 1;
        CollectiveError error = CollectiveError.Of(kind, ranks, errors);
        output.WriteLine($"| Vidur {machine}, {ranks / perNode} node | {error}");
        Assert.InRange(error.Mean, 0, most);
    }

    /// <summary>Published values in microseconds, by others: LLMCompass 4 x A100; ml-engineering H200, bus rates of its
    /// all-reduce and all-gather at 8 GiB turned into times; aiconfigurator's NCCL table of B200, bytes by GPUs.</summary>
    [Theory]
    [InlineData("LLMCompass A100", "ampere", "nvlink3", CollectiveKind.AllReduce, 4, new[] { 8, 65536, 1e6, 16e6, 128e6, 1e9 }, new[] { 12.5, 22.9, 60.8, 195.7, 961.7, 7219 }, 0.35)]
    [InlineData("ml-engineering H200", "hopper", "nvlink4", CollectiveKind.AllReduce, 8, new[] { 8.589934592e9 }, new[] { 31781.0 }, 0.2)]
    [InlineData("ml-engineering H200", "hopper", "nvlink4", CollectiveKind.AllGather, 8, new[] { 8.589934592e9 }, new[] { 20763.0 }, 0.2)]
    [InlineData("aiconfigurator B200", "blackwell", "nvlink5", CollectiveKind.AllReduce, 2, new[] { 512, 16384, 131072, 1048576, 16777216, 134217728, 536870912.0 }, new[] { 10.3, 11.0, 11.4, 14.2, 53, 271, 1005 }, 0.4)]
    [InlineData("aiconfigurator B200", "blackwell", "nvlink5", CollectiveKind.AllReduce, 4, new[] { 512, 16384, 131072, 1048576, 16777216, 134217728, 536870912.0 }, new[] { 15.1, 16.0, 17.4, 19.0, 96, 342, 1271 }, 0.4)]
    [InlineData("aiconfigurator B200", "blackwell", "nvlink5", CollectiveKind.AllReduce, 8, new[] { 512, 16384, 131072, 1048576, 16777216, 134217728, 536870912.0 }, new[] { 25.1, 26.6, 28.1, 30.1, 99, 398, 1335 }, 0.4)]
    public void Published(string who, string architecture, string link, CollectiveKind kind, int ranks, double[] bytes, double[] microseconds, double most)
    {
        CollectiveModel model = new(Nccl, architecture, new CollectiveGroup(ranks, LinkSpecification.Open(link)));
        CollectiveError error = CollectiveError.Of(kind, ranks, bytes.Select((size, index) => (Microseconds(model, kind, (long)size) / microseconds[index]) - 1));
        output.WriteLine($"| {who} | {error}");
        foreach ((double size, double measured) in bytes.Zip(microseconds))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {size:0}: {measured:0.0} us measured, {Microseconds(model, kind, (long)size):0.0} predicted, {model.Cost(kind, (long)size).Method}"));
        }

        Assert.InRange(error.Mean, 0, most);
    }

    /// <summary>ml-engineering, 4 nodes of 8 B200 with 50 GB/s of EFA per GPU: bus rates in GB/s. Small messages over EFA take
    /// ten times the latency of InfiniBand, which the model doesn't know: from 16 MiB on only.</summary>
    [Fact]
    public void Four_nodes_of_eight_b200()
    {
        CollectiveGroup group = new(32, 8, LinkSpecification.Open("nvlink5"), LinkSpecification.Open("infiniband-ndr"), 8);
        CollectiveModel model = new(Nccl, "blackwell", group);
        (long Bytes, double Bus)[] points = [(16 * Mebibyte, 64), (128 * Mebibyte, 198), (1024 * Mebibyte, 362)];
        List<double> errors = [];
        foreach ((long bytes, double bus) in points)
        {
            double measured = 2 * 31.0 / 32 * bytes / bus * 1e-3;
            CollectiveCost cost = model.Cost(CollectiveKind.AllReduce, bytes);
            errors.Add((cost.Time.Value * 1e-6 / measured) - 1);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {bytes}: {measured:0} us measured, {cost.Time.Value * 1e-6:0} predicted, {cost.Method}"));
        }

        CollectiveError error = CollectiveError.Of(CollectiveKind.AllReduce, 32, errors);
        output.WriteLine($"| ml-engineering 4 x 8 B200 | {error}");
        Assert.InRange(error.Mean, 0, 0.5);
    }

    private static double Microseconds(CollectiveModel model, CollectiveKind kind, long bytes)
    {
        Picoseconds time = model.Cost(kind, bytes).Time;
        return time.Value * 1e-6;
    }
}
