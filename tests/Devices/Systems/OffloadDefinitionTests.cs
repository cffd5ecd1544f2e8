using PimSim.Devices.Links;
using PimSim.Devices.Offload;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Systems;

public sealed class OffloadDefinitionTests : IDisposable
{
    private const string Mine = """
        kind: system
        summary: A test.
        type: attention-offload
        gpu: h100-sxm
        gpus: 2
        stack: vllm-0.14
        price: h100-lamina
        attention:
          gpu: h20
          stack: vllm-0.14
          count: 4
          price: h20
        network: roce-400g
        network_software: fhbn
        partition: heads
        batches: 3
        overlap: true
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-offload-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_system_says_what_its_file_says_and_costs_all_of_its_devices()
    {
        SystemDefinition system = Read(Mine, out ProblemList problems)!;
        Assert.Empty(problems.Problems);
        OffloadDefinition offload = system.Offload!;
        Assert.Equal((2, 4, 3, 2, true), (offload.Gpus, offload.AttentionDevices, offload.Batches, offload.Replicas, offload.Overlap));
        Assert.Equal((AttentionPartition.Heads, PrefillPlace.Workers), (offload.Partition, offload.Prefill));

        // Two replicas of two H100, and four H20.
        Assert.Equal((4 * 11.06) + (4 * 4.63), system.Price.DollarsPerHour(1000), 1e-9);
        Assert.Contains("4 devices, each rented at 11.06 $/h", system.Price.Basis, StringComparison.Ordinal);
        Assert.Contains("4 devices, each rented at 4.63 $/h", system.Price.Basis, StringComparison.Ordinal);
        Assert.Equal(45.7e9, offload.Network.BytesPerSecond, 1e6);
        Assert.Equal(new Picoseconds(16_500_000), offload.Network.Latency);
    }

    [Fact]
    public void Different_devices_share_the_power_evenly_and_pay_for_it_at_their_own_prices()
    {
        RentalPrice rented = new(7) { Basis = "rented" };
        OwnershipPrice owned = new(1000, 10_000, 0.5, 0.2, 1.5) { Basis = "owned" };
        MixedPrice price = MixedPrice.Of(GroupPrice.Of(rented, 2), GroupPrice.Of(owned, 3));

        // Three of five devices draw 600 of 1000 W, at 1.5 x 0.2 $/kWh.
        Assert.Equal(14 + (3 * 0.2) + (0.6 * 1.5 * 0.2), price.DollarsPerHour(1000), 1e-12);
        Assert.Equal("2 devices, each rented; and 3 devices, each owned", price.Basis);
    }

    [Theory]
    [InlineData("lamina-1-2", "lamina-vllm-2", 20.32, 22.12)]
    [InlineData("lamina-2-4", "lamina-vllm-4", 40.64, 44.24)]
    public void The_systems_of_Lamina_cost_what_its_table_5_says(string lamina, string baseline, double dollars, double ofBaseline)
    {
        ProblemList problems = new();
        Assert.Equal(dollars, SystemDefinition.Read(new HardwareCatalogue(null), lamina, [], problems)!.Price.DollarsPerHour(0), 1e-9);
        Assert.Equal(ofBaseline, SystemDefinition.Read(new HardwareCatalogue(null), baseline, [], problems)!.Price.DollarsPerHour(0), 1e-9);
    }

    [Theory]
    [InlineData("network: roce-400g\n", "", "'network' is missing", 1)]
    [InlineData("network: roce-400g", "network: roce-400", "network: unknown link 'roce-400'; did you mean 'roce-400g'?", 13)]
    [InlineData("network: roce-400g", "network: pcie5-x16", "does not reach every device from every other; a network or a switch is needed", 13)]
    [InlineData("network_software: fhbn", "network_software: nccl", "network_software: unknown network software 'nccl'", 14)]
    [InlineData("network_software: fhbn\n", "", "'network_software' is missing", 1)]
    [InlineData("  gpu: h20", "  gpu: h21", "attention.gpu: unknown GPU 'h21'; did you mean 'h20'?", 9)]
    [InlineData("  gpu: h20\n", "", "neither 'gpu' nor 'memory' is given", 9)]
    [InlineData("  gpu: h20\n", "  gpu: h20\n  memory: pim-gpt-memory\n  asic: pim-gpt-asic\n", "both 'gpu' and 'memory' are given", 9)]
    [InlineData("  count: 4", "  count: 0", "attention.count: 0 is out of range: 1 to 1024 is allowed", 11)]
    [InlineData("  count: 4\n", "", "attention: 'count' is missing", 9)]
    [InlineData("partition: heads", "partition: head", "partition: 'head' is not known; did you mean 'heads'?", 15)]
    [InlineData("batches: 3", "batches: none", "batches: 'none' is not a whole number", 16)]
    [InlineData("overlap: true", "overlap: yes", "overlap: 'yes' is neither true nor false", 17)]
    [InlineData("overlap: true", "overlap: true\nprefil: excluded", "unknown key 'prefil'; did you mean 'prefill'?", 18)]
    [InlineData("overlap: true", "overlap: true\nassignment: round-robin", "assignment: goes with 'partition: requests'", 18)]
    [InlineData("partition: heads", "partition: requests\nassignment: least", "assignment: 'least' is not known; known: least-loaded, round-robin", 16)]
    [InlineData("overlap: true", "overlap: true\nshared_memory: 3", "shared_memory: '3' is neither true nor false", 18)]
    [InlineData("overlap: true", "overlap: true\nprefill: none", "prefill: 'none' is not known; known: excluded, workers", 18)]
    public void A_wrong_file_is_answered_at_its_line(string old, string wrong, string message, int line)
    {
        Assert.Null(Read(Mine.Replace(old, wrong, StringComparison.Ordinal), out ProblemList problems));
        Assert.Contains(problems.Problems, problem => problem.Message.Contains(message, StringComparison.Ordinal) && problem.ToString().Contains($"mine.yaml:{line}:", StringComparison.Ordinal));
    }

    [Fact]
    public void A_dead_link_is_answered_in_its_file()
    {
        string link = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Catalogue", "links", "roce-400g.yaml"));
        Write("links/dead.yaml", link.Replace("50 GB/s, source: lamina", "0 GB/s, source: lamina", StringComparison.Ordinal));
        Assert.Null(Read(Mine.Replace("network: roce-400g", "network: dead", StringComparison.Ordinal), out ProblemList problems));
        Problem problem = Assert.Single(problems.Problems);
        Assert.Contains("dead.yaml:", problem.ToString(), StringComparison.Ordinal);
        Assert.Contains("bandwidth", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_experiment_changes_parts_and_the_system_itself()
    {
        ProblemList problems = new();
        Write("systems/mine.yaml", Mine);
        DataNode changes = DataNode.Parse("experiment.yaml", "a: 500 GB/s\nb: 5\nc: 10 us\nd: 1\n", problems);
        ParameterChange[] list =
        [
            new("network", "bandwidth", changes.Required("a")), new("system", "batches", changes.Required("b")),
            new("network-software", "round_trip", changes.Required("c")),
        ];
        OffloadDefinition offload = SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", list, problems)!.Offload!;
        Assert.Equal((5, new Picoseconds(5_000_000)), (offload.Batches, offload.Network.Latency));
        Assert.Equal(457e9, offload.Network.BytesPerSecond, 1e6);
        Assert.Null(SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [new("netwrk", "bandwidth", changes.Required("d"))], problems));
        Assert.Contains("'mine' has no part 'netwrk'; did you mean 'network'?", Assert.Single(problems.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_takes_its_latency_and_its_largest_part_at_the_rate_of_the_software()
    {
        LinkSpecification link = new("l", LinkTopology.Network, 50e9, 0.95, new Picoseconds(600_000), new Energy(50_000_000), 1, false);
        NetworkPath path = new(link, new NetworkSoftware("s", new Picoseconds(33_000_000), 0.9), workers: 2);
        Assert.Equal(new Picoseconds(16_500_000), path.Latency);

        // 900,000 bytes: each of two workers sends 450,000 at 45 GB/s; one of the pool that gets 600,000 of them is slower.
        Assert.Equal(new Picoseconds(10_000_000), path.Occupancy(900_000, 225_000));
        Assert.Equal(new Picoseconds(13_333_334), path.Occupancy(900_000, 600_000));
        Assert.Equal(link.EnergyOf(900_000), path.EnergyOf(900_000));
        Assert.Equal(47.5e9, new NetworkPath(link, new NetworkSoftware("s", Picoseconds.Zero, 1), 1).BytesPerSecond, 1e3);
        Assert.Equal(link.Latency, new NetworkPath(link, new NetworkSoftware("s", Picoseconds.Zero, 1), 1).Latency);
    }

    private SystemDefinition? Read(string text, out ProblemList problems)
    {
        Write("systems/mine.yaml", text);
        problems = new ProblemList();
        return SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [], problems);
    }

    private void Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
