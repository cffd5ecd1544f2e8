using PimSim.Devices.Links;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Links;

public class LinkCatalogueTests
{
    private const string Link = """
        kind: link
        summary: A link.
        sources:
          sheet: "Data sheet"
        topology: switch
        bandwidth: {value: 100 GB/s, source: sheet}
        payload: {value: 90 %, source: sheet}
        latency: {value: 600 ns, source: sheet}
        energy: {value: 1.5 pJ/bit, source: sheet}
        reduces_in_switch: true
        """;

    private const string Own = """
        kind: collectives
        summary: Own kernels.
        library: nccl-2.27
        own_kernels:
          one_shot_ranks: {value: 2, source: estimated}
          small_group: {value: 4, source: estimated}
          one_shot_small: {value: 512 KiB, source: estimated}
          one_shot_large: {value: 256 KiB, source: estimated}
          most_ranks: {value: 8, source: estimated}
          largest: {value: 8 MiB, source: estimated}
        generations:
          hopper:
            methods:
              one_shot:
                start: {value: 4 us, source: estimated}
                step: {value: 50 ns, source: estimated}
                spread: {value: 0 ns, source: estimated}
                spread_over: {value: 64 KiB, source: estimated}
                share: {value: 70 %, source: estimated}
              two_shot:
                start: {value: 7 us, source: estimated}
                step: {value: 500 ns, source: estimated}
                spread: {value: 1 us, source: estimated}
                spread_over: {value: 1 MiB, source: estimated}
                share: {value: 90 %, source: estimated}
        otherwise: hopper
        """;

    public static TheoryData<string> Links => [.. LinkSpecification.Links(null).Names];

    [Theory]
    [MemberData(nameof(Links))]
    public void Every_shipped_link_is_read_and_uses_all_of_its_sources(string name)
    {
        ProblemList problems = new();
        CatalogueEntry entry = LinkSpecification.Links(null).Open(name, problems);
        LinkSpecification link = LinkSpecification.Read(entry);
        problems.ThrowIfAny();
        Assert.Empty(entry.Sources.Keys.Except(entry.Values.Select(value => value.Source)));
        Assert.InRange(link.PayloadBytesPerSecond, 1e9, 1e12);
    }

    [Fact]
    public void A_link_moves_its_payload_at_its_rate_and_pays_for_each_bit()
    {
        LinkSpecification link = ReadLink(Link, out ProblemList problems);
        problems.ThrowIfAny();
        Assert.Equal(new Picoseconds(600_000 + 1_000_000), link.Transfer(90_000));
        Assert.Equal(Picoseconds.Zero, link.Transfer(0));
        Assert.Equal(90_000 * 8 * 1.5e-12, link.EnergyOf(90_000).Joules, 1e-15);
    }

    [Theory]
    [InlineData("topology: switch", "topology: swich", "link.yaml:5:11: topology: 'swich' is not known; did you mean 'switch'?")]
    [InlineData("topology: switch", "topology: pair", "link.yaml:10:20: reduces_in_switch: only a link with 'topology: switch' can reduce in its switch")]
    [InlineData("topology: switch", "topology: mesh", "'peers' is missing")]
    [InlineData("payload: {value: 90 %", "payload: {value: 110 %", "more than the whole; at most 1 (100 %) is possible")]
    [InlineData("bandwidth: {value: 100 GB/s", "bandwidth: {value: 0 GB/s", "0 is not possible; more than 0 is needed")]
    [InlineData("latency:", "latncy:", "unknown key 'latncy'")]
    [InlineData("kind: link", "kind: gpu", "'gpu' is not a link; 'kind: link' is needed here")]
    public void A_wrong_link_is_answered_with_place_and_remedy(string right, string wrong, string message)
    {
        ReadLink(Link.Replace(right, wrong, StringComparison.Ordinal), out ProblemList problems);
        Assert.Contains(message, Assert.Throws<PimSimUserException>(problems.ThrowIfAny).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("library: nccl-2.27", "library: nccl-2.72", "unknown collectives 'nccl-2.72'; did you mean 'nccl-2.27'?")]
    [InlineData("library: nccl-2.27", "library: vllm-custom-allreduce-graph", "falls back on a library itself; name that one")]
    [InlineData("one_shot:\n", "one_sot:\n", "'one_sot' is not a method; did you mean 'one_shot'?")]
    [InlineData("otherwise: hopper", "otherwise: hoper", "'hoper' is not known; did you mean 'hopper'?")]
    [InlineData("share: {value: 70 %", "share: {value: 170 %", "more than the whole")]
    [InlineData("most_ranks: {value: 8", "most_ranks: {value: 1", "most_ranks")]
    public void Wrong_collectives_are_answered_with_place_and_remedy(string right, string wrong, string message)
    {
        Assert.Contains(right, Own, StringComparison.Ordinal);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => ReadStack(Own.Replace(right, wrong, StringComparison.Ordinal)));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.Contains("own.yaml:", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>vLLM's choice: two ranks always one shot, small groups up to 512 KiB, others up to 256 KiB; NCCL from 8 MiB on
    /// and for everything that is not an all-reduce.</summary>
    [Theory]
    [InlineData(2, CollectiveKind.AllReduce, (8 << 20) - 1, CollectiveMethod.OneShot)]
    [InlineData(2, CollectiveKind.AllReduce, 8 << 20, CollectiveMethod.RingSimple)]
    [InlineData(4, CollectiveKind.AllReduce, (512 << 10) - 1, CollectiveMethod.OneShot)]
    [InlineData(4, CollectiveKind.AllReduce, 512 << 10, CollectiveMethod.TwoShot)]
    [InlineData(8, CollectiveKind.AllReduce, (256 << 10) - 1, CollectiveMethod.OneShot)]
    [InlineData(8, CollectiveKind.AllReduce, 256 << 10, CollectiveMethod.TwoShot)]
    [InlineData(16, CollectiveKind.AllReduce, 1024, CollectiveMethod.RingLL)]
    [InlineData(8, CollectiveKind.AllGather, 1024, CollectiveMethod.RingLL)]
    public void Own_kernels_are_chosen_by_size_and_ranks(int ranks, CollectiveKind kind, long bytes, CollectiveMethod method)
    {
        CollectiveModel model = new(ReadStack(Own), "ada", new CollectiveGroup(ranks, LinkSpecification.Open("nvlink3")));
        Assert.Equal(method, model.Cost(kind, bytes).Method);
    }

    /// <summary>Where the measured curves jump: at about 1.0 MB (A100) and 1.7 MB (H100) from LL to Simple for two, and to the
    /// switch at 1 to 2 MB for eight H100 (aiconfigurator's tables; ml-engineering for the switch).</summary>
    [Theory]
    [InlineData("ampere", "nvlink3", 2, 1_000_000, CollectiveMethod.RingLL)]
    [InlineData("ampere", "nvlink3", 2, 1_048_576, CollectiveMethod.RingSimple)]
    [InlineData("ampere", "nvlink3", 4, 1_048_576, CollectiveMethod.RingLL)]
    [InlineData("ampere", "nvlink3", 4, 2_097_152, CollectiveMethod.RingLL128)]
    [InlineData("hopper", "nvlink4", 2, 1_048_576, CollectiveMethod.RingLL)]
    [InlineData("hopper", "nvlink4", 2, 2_097_152, CollectiveMethod.RingSimple)]
    [InlineData("hopper", "nvlink4", 8, 1_000_000, CollectiveMethod.RingLL)]
    [InlineData("hopper", "nvlink4", 8, 2_097_152, CollectiveMethod.InSwitch)]
    [InlineData("hopper", "nvlink4", 4, 1L << 30, CollectiveMethod.RingSimple)]
    public void Nccl_changes_its_method_where_the_measurements_jump(string architecture, string link, int ranks, long bytes, CollectiveMethod method)
    {
        CollectiveModel model = new(CollectiveStack.Open("nccl-2.27"), architecture, new CollectiveGroup(ranks, LinkSpecification.Open(link)));
        Assert.Equal(method, model.Cost(CollectiveKind.AllReduce, bytes).Method);
    }

    private static LinkSpecification ReadLink(string text, out ProblemList problems)
    {
        problems = new ProblemList();
        return LinkSpecification.Read(new CatalogueEntry(DataNode.Parse("link.yaml", text, problems)));
    }

    private static CollectiveStack ReadStack(string text)
    {
        ProblemList problems = new();
        CollectiveStack stack = CollectiveStack.Read(new CatalogueEntry(DataNode.Parse("own.yaml", text, problems)), CollectiveStack.Stacks(null));
        problems.ThrowIfAny();
        return stack;
    }
}
