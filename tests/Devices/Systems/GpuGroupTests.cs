using PimSim.Devices.Links;
using PimSim.Devices.Systems;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Systems;

public class GpuGroupTests
{
    private static readonly HardwareCatalogue Catalogue = new(null);

    [Fact]
    public void One_GPU_needs_no_link_and_several_talk_over_that_of_their_data_sheet()
    {
        Assert.Null(GpuGroup.Connect(Catalogue, Parts("t4", "vllm-2023"), 1));
        CollectiveModel group = GpuGroup.Connect(Catalogue, Parts("a100-80", "vllm-2023"), 4)!;
        Assert.Equal((4, 1, "nvlink3"), (group.Group.Ranks, group.Group.Nodes, group.Group.Link.Name));
    }

    [Fact]
    public void Another_link_and_other_software_may_be_asked_for()
    {
        GpuParts parts = Parts("a100-80", "vllm-2023");
        CollectiveModel slow = GpuGroup.Connect(Catalogue, parts, 4, link: "pcie4-x16")!;
        Assert.Equal("pcie4-x16", slow.Group.Link.Name);
        Assert.True(slow.Cost(CollectiveKind.AllReduce, 1 << 24).Time > GpuGroup.Connect(Catalogue, parts, 4)!.Cost(CollectiveKind.AllReduce, 1 << 24).Time);
        string other = Catalogue.Collectives.Names.First(name => name.StartsWith("vllm", StringComparison.Ordinal));
        Assert.NotEqual(
            GpuGroup.Connect(Catalogue, parts, 4, other)!.Cost(CollectiveKind.AllReduce, 1 << 14).Method,
            GpuGroup.Connect(Catalogue, parts, 4)!.Cost(CollectiveKind.AllReduce, 1 << 14).Method);
        Assert.Contains("unknown", Assert.Throws<PimSimUserException>(() => GpuGroup.Connect(Catalogue, parts, 4, "nccl-9")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("t4", "vllm-2023", 2, "the data sheet of 't4' names no link between GPUs")]
    [InlineData("a100-80", "sarathi-2024", 2, "stack 'sarathi-2024' names no 'collectives'")]
    [InlineData("rtx-3090", "vllm-2023", 4, "connects two devices, not 4")]
    public void A_group_that_cannot_be_is_refused(string gpu, string stack, int gpus, string expected) =>
        Assert.Contains(expected, Assert.Throws<PimSimUserException>(() => GpuGroup.Connect(Catalogue, Parts(gpu, stack), gpus)).Message, StringComparison.Ordinal);

    private static GpuParts Parts(string gpu, string stack) => GpuParts.Open(Catalogue, gpu, stack);
}
