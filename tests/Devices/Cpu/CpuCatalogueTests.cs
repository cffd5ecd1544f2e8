using PimSim.Devices.Cpu;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Streaming;
using PimSim.Devices.Tests.Stacks;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Cpu;

public class CpuCatalogueTests(ITestOutputHelper output)
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Catalogue");

    public static TheoryData<string> Cpus => [.. new CatalogueFolder("host processor", [Path.Combine(Folder, "cpus")]).Names];

    [Theory]
    [MemberData(nameof(Cpus))]
    public void Every_shipped_processor_runs_the_shipped_stack_within_its_bounds(string name)
    {
        CpuSpecification processor = Read(Text("cpus", name));
        CpuDevice device = new(processor, CpuStack.Read(Replay.Open("stacks", "pytorch-cpu-2023")));
        Replay.Run(device, Gpt2Steps.Decode(48, 1600, 25, 512), Simulator.Kernel.Picoseconds.Zero);

        // 1.5 G weights of 4 bytes, once.
        double bound = device.Counters["bytes"] / processor.Memory.BytesPerSecond;
        Assert.InRange(device.Counters["bytes"], 6.2e9, 6.7e9);
        Assert.InRange(device.Ledger.TotalTime.Seconds, bound, 4 * bound);

        // Modules of DRAM come on top of the design power.
        Assert.InRange(device.Ledger.TotalEnergy.Joules / device.Ledger.TotalTime.Seconds, processor.Power.Static.Watts, 1.3 * processor.Power.DesignPower.Watts);
        Assert.InRange(processor.EnergyPerMemoryByte.Joules, 1e-11, 1e-9);
    }

    /// <summary>The table of docs/cpu.md.</summary>
    [Fact]
    public void Many_cores_share_what_the_channels_give_to_their_streams()
    {
        foreach (string name in new CatalogueFolder("host processor", [Path.Combine(Folder, "cpus")]).Names)
        {
            CpuSpecification processor = Read(Text("cpus", name));
            CpuBandwidth bandwidth = new(processor.Memory);
            double one = bandwidth.Reading(1);
            double all = bandwidth.Reading(processor.Cores.Cores);
            double half = bandwidth.Reading(processor.Cores.Cores / 2);
            output.WriteLine($"{name}: {one / 1e9:F1} GB/s of one core, {half / 1e9:F1} of half of them, {all / 1e9:F1} of all, peak {processor.Memory.BytesPerSecond / 1e9:F1}; copying {bandwidth.ReadingAndWriting(processor.Cores.Cores) / 1e9:F1}");
            Assert.Equal(processor.Memory.BytesPerSecondOfCore, one);
            Assert.InRange(all, 2 * one, processor.Memory.BytesPerSecond);
            Assert.InRange(bandwidth.ReadingAndWriting(processor.Cores.Cores), 0.2 * all, all);
        }
    }

    /// <summary>AnandTech, article 11544: two sockets of this core with 6 channels of DDR4-2666 reach 199 GB/s in STREAM's triad, which reads two bytes for
    /// each that it writes.</summary>
    [Fact]
    public void Triad_of_Skylake_is_near_what_was_measured()
    {
        CpuMemory memory = Read(Text("cpus", "xeon-6154")).Memory;
        double fraction = DramStreaming.Fraction(memory.Dram!, new StreamingPattern(2 / 3.0, 18, memory.LinesInFlight * CpuMemory.LineBytes));
        output.WriteLine($"triad: {fraction * memory.BytesPerSecond / 1e9:F1} GB/s a socket");
        Assert.InRange(fraction * memory.BytesPerSecond, 0.9 * 99.5e9, 1.1 * 99.5e9);
    }

    [Fact]
    public void Sockets_multiply_what_one_has()
    {
        CpuSpecification one = Read(Text("cpus", "xeon-8380"));
        CpuSpecification two = Read(Text("cpus", "xeon-8380").Replace("sockets: {value: 1", "sockets: {value: 2", StringComparison.Ordinal));
        Assert.Equal(2 * one.Cores.Cores, two.Cores.Cores);
        Assert.Equal(2 * one.Memory.BytesPerSecond, two.Memory.BytesPerSecond);
        Assert.Equal(2 * one.Memory.Channels, two.Memory.Channels);
        Assert.Equal(2 * one.Caches.L3Bytes, two.Caches.L3Bytes);
        Assert.Equal(one.Caches.L2Bytes, two.Caches.L2Bytes);
        Assert.Equal(2 * one.Power.DesignPower.Microwatts, two.Power.DesignPower.Microwatts);
        Assert.Equal(one.EnergyPerMemoryByte, two.EnergyPerMemoryByte);
    }

    [Theory]
    [InlineData("kind: cpu", "kind: dram", "'dram' is not a host processor; 'kind: cpu' is needed here")]
    [InlineData("ddr4-2400r", "ddr4-2400", "memory.dram.value: unknown memory 'ddr4-2400'; did you mean 'ddr4-2400r'?")]
    [InlineData("3.7 GHz", "2.7 GHz", "compute.turbo_clock: is below 'base_clock'")]
    [InlineData("value: 18,", "value: 0,", "compute.cores.value: 0 is out of range: 1 to 1024 is allowed")]
    [InlineData("value: 60 W", "value: 260 W", "power: 'idle' is at most 'static', which is at most 'tdp'")]
    [InlineData("value: 60 %", "value: 65 %", "power: compute_share, l2_share, l3_share and memory_share add up to more than 1: together they spend more than 'tdp'")]
    [InlineData("  latency:", "  latenzy:", "memory: 'latency' is missing")]
    [InlineData("caches:", "  rate_over_fp32: {bf61: {value: 2, source: estimated}}\ncaches:", "compute.rate_over_fp32.bf61: 'bf61' is not a data type; did you mean 'bf16'?")]
    public void A_wrong_processor_is_refused_with_its_place_and_remedy(string from, string to, string message)
    {
        string text = Text("cpus", "xeon-6154");
        Assert.Contains(from, text, StringComparison.Ordinal);
        Assert.Contains(message, Assert.Throws<PimSimUserException>(() => Read(text.Replace(from, to, StringComparison.Ordinal))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("class: cpu", "class: gpu", "class: 'gpu' is not known; did you mean 'cpu'?")]
    [InlineData("value: all", "value: none", "threads.value: 'none' is not a whole number")]
    [InlineData("value: 75 %", "value: 175 %", "achieved.gemm: more than the whole; at most 1 (100 %) is possible")]
    [InlineData("    int8:", "    int9:", "tile.unpack.int9: 'int9' is not a data type; did you mean 'int8'?")]
    [InlineData("fork_join:", "fork_joint:", "calls: 'fork_join' is missing")]
    public void A_wrong_stack_is_refused_with_its_place_and_remedy(string from, string to, string message)
    {
        string text = Text("stacks", "pytorch-cpu-2023");
        Assert.Contains(from, text, StringComparison.Ordinal);
        ProblemList problems = new();
        CpuStack.Read(new CatalogueEntry(DataNode.Parse("stack.yaml", text.Replace(from, to, StringComparison.Ordinal), problems)));
        Assert.Contains(message, Assert.Throws<PimSimUserException>(problems.ThrowIfAny).Message, StringComparison.Ordinal);
    }

    private static string Text(string folder, string name) => File.ReadAllText(Path.Combine(Folder, folder, name + ".yaml"));

    private static CpuSpecification Read(string text)
    {
        ProblemList problems = new();
        CpuSpecification processor = CpuSpecification.Read(new CatalogueEntry(DataNode.Parse("cpu.yaml", text, problems)), DramCatalogue.Memories(null), DramCatalogue.Standards(null));
        problems.ThrowIfAny();
        return processor;
    }
}
