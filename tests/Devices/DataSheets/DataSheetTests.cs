using PimSim.Devices.Dram;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.DataSheets;

/// <summary>
/// The data sheets of GPUs and CPUs as files: complete, every number sourced, every name they refer to there, and
/// peak rates that follow from multiprocessors and clock where that is how vendors compute them.
/// </summary>
public class DataSheetTests
{
    private static readonly Dictionary<string, string[]> GpuKeys = new(StringComparer.Ordinal)
    {
        ["compute"] = ["architecture", "multiprocessors", "boost_clock", "base_clock", "registers", "shared_memory", "warps"],
        ["l2"] = ["capacity", "bytes_per_clock"],
        ["memory"] = ["capacity", "bandwidth", "dram"],
        ["links"] = ["host", "peer"],
        ["power"] = ["tdp", "idle"],
    };

    private static readonly Dictionary<string, string[]> CpuKeys = new(StringComparer.Ordinal)
    {
        ["compute"] = ["cores", "sockets", "base_clock", "turbo_clock", "simd_bits", "fma_units"],
        ["caches"] = ["l1d", "l2", "l3", "l2_bytes_per_clock", "l3_bytes_per_clock"],
        ["memory"] = ["capacity", "channels", "dram", "bandwidth", "latency", "lines_in_flight"],
        ["links"] = ["devices"],
        ["power"] = ["tdp", "idle", "static", "compute_share", "l2_share", "l3_share", "memory_share"],
    };

    private static readonly string[] Rates = ["fp32", "fp16", "bf16", "fp8", "int8", "int4", "fp4"];

    /// <summary>Dense FLOP of FP16 (BF16 on a TPU) per multiprocessor and clock, as the vendors' white papers state them.</summary>
    private static readonly Dictionary<string, int> TensorFlopsPerClock = new(StringComparer.Ordinal)
    {
        ["volta"] = 1024,
        ["turing"] = 1024,
        ["ampere"] = 2048,
        ["ampere, GA10x"] = 1024,
        ["ada"] = 1024,
        ["hopper"] = 4096,
        ["blackwell"] = 8192,
        ["blackwell, GB20x"] = 1024,
        ["cdna2"] = 1024,
        ["cdna3"] = 2048,
    };

    public static TheoryData<string> Gpus => [.. Folder("gpus").Names];

    public static TheoryData<string> Cpus => [.. Folder("cpus").Names];

    [Theory]
    [MemberData(nameof(Gpus))]
    public void A_gpu_sheet_is_complete_and_sourced(string name)
    {
        CatalogueEntry entry = Open("gpus", name, out ProblemList problems);
        Assert.Equal("gpu", entry.Kind);
        ReadSections(entry, GpuKeys);
        foreach ((string type, DataNode value) in entry.Root.Required("peak").Entries())
        {
            Assert.Contains(type, Rates);
            Assert.True(entry.Unwrap(value).Quantity(Dimension.FlopRate) > 0);
        }

        entry.Root.RejectUnknownKeys();
        problems.ThrowIfAny();
        AssertSourcesAreUsed(entry);
        AssertNamed("memories", entry, "memory.dram");
        AssertNamed("links", entry, "links.host");
        if (entry.Root.Required("links").Required("peer").IsMapping)
        {
            AssertNamed("links", entry, "links.peer");
        }
    }

    [Theory]
    [MemberData(nameof(Cpus))]
    public void A_cpu_sheet_is_complete_and_sourced(string name)
    {
        CatalogueEntry entry = Open("cpus", name, out ProblemList problems);
        Assert.Equal("cpu", entry.Kind);
        ReadSections(entry, CpuKeys);
        entry.Root.RejectUnknownKeys();
        problems.ThrowIfAny();
        AssertSourcesAreUsed(entry);
        AssertNamed("memories", entry, "memory.dram");
        AssertNamed("links", entry, "links.devices");
    }

    [Theory]
    [MemberData(nameof(Gpus))]
    public void The_tensor_rate_is_multiprocessors_times_clock_where_vendors_compute_it_so(string name)
    {
        CatalogueEntry entry = Open("gpus", name, out ProblemList _);
        DataNode compute = entry.Root.Required("compute");
        string architecture = compute.Required("architecture").Text();
        long multiprocessors = entry.Integer(compute, "multiprocessors", 1, 10_000);
        decimal clock = entry.Quantity(compute, "boost_clock", Dimension.Frequency);
        decimal peak = entry.Quantity(entry.Root.Required("peak"), architecture == "tpu" ? "bf16" : "fp16", Dimension.FlopRate);
        bool fewWarps = entry.Integer(compute, "warps", 1, 64) == 48;
        int perClock = (architecture, fewWarps) switch
        {
            ("tpu", _) => name == "tpu-v5e" ? 128 * 128 * 2 : 256 * 256 * 2,
            ("ampere", true) => TensorFlopsPerClock["ampere, GA10x"],
            ("blackwell", true) => TensorFlopsPerClock["blackwell, GB20x"],
            _ => TensorFlopsPerClock[architecture],
        };

        // GeForce cards accumulate in FP32 at half the rate of the professional ones; an L20 is made for export, at half an L40S.
        perClock = name is "rtx-3060" or "rtx-3090" or "rtx-4090" or "l20" ? perClock / 2 : perClock;
        decimal ratio = peak / (multiprocessors * perClock * clock);
        if (name == "h20")
        {
            Assert.Contains("Export rules cap", Note(entry, "compute.boost_clock"), StringComparison.Ordinal);
            Assert.InRange(ratio, 0.2m, 0.3m);
        }
        else
        {
            Assert.InRange(ratio, 0.97m, 1.03m);
        }
    }

    [Theory]
    [MemberData(nameof(Cpus))]
    public void The_bandwidth_of_a_cpu_is_channels_times_the_nearest_speed_bin(string name)
    {
        CatalogueEntry entry = Open("cpus", name, out ProblemList _);
        DataNode memory = entry.Root.Required("memory");
        DramSpecification dram = DramCatalogue.Open(entry.Unwrap(memory.Required("dram")).Text());
        decimal bandwidth = entry.Quantity(memory, "bandwidth", Dimension.Bandwidth) / entry.Integer(memory, "channels", 1, 64);

        // A channel of DDR5 is two subchannels of 32 bit; the 6154 takes DDR4-2666, which stands 11 % above its bin.
        int perChannel = name == "epyc-9654" ? 2 : 1;
        double bin = perChannel * dram.Organization.AccessBytes / (dram.BurstCycles * dram.ClockPs * 1e-12);
        Assert.InRange((double)bandwidth / bin, 0.99, name == "xeon-6154" ? 1.12 : 1.01);
    }

    private static void ReadSections(CatalogueEntry entry, Dictionary<string, string[]> sections)
    {
        foreach ((string section, string[] keys) in sections)
        {
            DataNode node = entry.Root.Required(section);
            foreach (string key in keys)
            {
                DataNode value = node.Required(key);
                if (value.IsMapping)
                {
                    entry.Unwrap(value);
                }
                else
                {
                    Assert.Contains(key, new[] { "architecture", "peer" });
                }
            }

            node.RejectUnknownKeys();
        }
    }

    private static void AssertSourcesAreUsed(CatalogueEntry entry)
    {
        Assert.Empty(entry.Sources.Keys.Except(entry.Values.Select(value => value.Source)));
        Assert.DoesNotContain(entry.Values, value => value.Source == CatalogueEntry.Estimated && value.Note.Length == 0);
    }

    private static void AssertNamed(string folder, CatalogueEntry entry, string path) =>
        Assert.Contains(entry.Values.Single(value => value.Name == path).Value, Folder(folder).Names);

    private static string Note(CatalogueEntry entry, string path) => entry.Values.Single(value => value.Name == path).Note;

    private static CatalogueEntry Open(string folder, string name, out ProblemList problems)
    {
        problems = new ProblemList();
        return Folder(folder).Open(name, problems);
    }

    private static CatalogueFolder Folder(string sort) => new(sort, [Path.Combine(AppContext.BaseDirectory, "Catalogue", sort)]);
}
