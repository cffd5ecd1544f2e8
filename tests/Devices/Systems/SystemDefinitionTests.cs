using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Systems;

public sealed class SystemDefinitionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-systems-").FullName;

    public static TheoryData<string> Shipped => [.. new HardwareCatalogue(null).Systems.Names];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Every_shipped_system_reads_without_fault_and_makes_fresh_devices(string name)
    {
        ProblemList problems = new();
        SystemDefinition system = SystemDefinition.Read(new HardwareCatalogue(null), name, [], problems)!;
        Assert.Empty(problems.Problems);
        Assert.Equal(name, system.Name);
        Assert.NotEmpty(system.Summary);
        Assert.NotEmpty(system.Price.Basis);
        Assert.All(system.Parts, part => Assert.True(part.Values.Count > 0, $"{part.Name} names no values"));
        if (system.Offload is not null)
        {
            Assert.NotSame(system.Offload.CreateAttention(), system.Offload.CreateAttention());
        }

        Assert.NotSame(system.CreateDevice(new PimSimulation(true)), system.CreateDevice(new PimSimulation(true)));
        Assert.Equal(system.Memory is not null, system.CreateDevice(new PimSimulation(true)) is PimDevice);
    }

    [Fact]
    public void A_change_reaches_the_device_and_no_other_system()
    {
        HardwareCatalogue catalogue = new(null);
        ProblemList problems = new();
        SystemDefinition changed = SystemDefinition.Read(catalogue, "pim-gpt", [Change(problems, "memory", "organization.channels", "16")], problems)!;
        SystemDefinition unchanged = SystemDefinition.Read(catalogue, "pim-gpt", [], problems)!;
        Assert.Empty(problems.Problems);
        Assert.Equal(16, changed.Memory!.Channels);
        Assert.Equal(8, unchanged.Memory!.Channels);
        Assert.Equal(2 * unchanged.Memory.Bytes, changed.Memory.Bytes);
    }

    [Theory]
    [InlineData("memory", "organization.chanels", "16", "has no 'organization.chanels': 'chanels' is unknown; did you mean 'channels'?")]
    [InlineData("memory", "organisation.channels", "16", "'organisation' is unknown; did you mean 'organization'?")]
    [InlineData("memory", "organization", "16", "'organization' of")]
    [InlineData("memory", "organization.channels", "0", "organization.channels.value: 0 is out of range: 1 to 64 is allowed")]
    [InlineData("memory", "organization.channels", "[1, 2]", "is not a single value")]
    [InlineData("memory", "clock", "1 GHz", "clock.value: '1 GHz' is a frequency; write a time")]
    [InlineData("memory", "clock", "0 ns", "clock.value: '0 ns' is not possible")]
    [InlineData("memory", "standard", "ddr9", "standard: 'ddr9' is not known; did you mean 'ddr4'?")]
    [InlineData("memory", "refresh.interval", "100 ns", "an interval of 100 cycles leaves no time between refreshes of 455 cycles")]
    [InlineData("asic", "clock", "0 Hz", "clock")]
    [InlineData("asic", "power.staticShare", "150 %", "a share is needed")]
    [InlineData("price", "ownership.utilisation", "150 %", "more than the whole life")]
    [InlineData("price", "ownership.life", "0 years", "more than 0 is needed")]
    [InlineData("processor", "launch", "1 us", "'pim-gpt' has no part 'processor'; known: asic, memory, price")]
    public void A_wrong_change_is_reported_at_its_place_in_the_experiment(string part, string path, string value, string message)
    {
        ProblemList problems = new();
        Assert.Null(SystemDefinition.Read(new HardwareCatalogue(null), "pim-gpt", [Change(problems, part, path, value)], problems));
        Problem problem = Assert.Single(problems.Problems.Distinct());
        Assert.Equal(("experiment.yaml", 3), (problem.File, problem.Line));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_parts_are_all_reported_at_their_lines_and_changes_to_them_are_not()
    {
        Write("systems/mine.yaml", "kind: system\nsummary: A test.\ntype: pim\nmemory: pim-gpt-memmory\nasic: pim-gpt-asic\nprice: cheap\n");
        ProblemList problems = new();
        Assert.Null(SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [Change(problems, "memory", "clock", "2 ns")], problems));
        Assert.Equal(2, problems.Problems.Count);
        Assert.Contains("mine.yaml:4:", problems.Problems[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("unknown device 'pim-gpt-memmory'; did you mean 'pim-gpt-memory'?", problems.Problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("mine.yaml:6:", problems.Problems[1].ToString(), StringComparison.Ordinal);
        Assert.Contains("unknown price 'cheap'", problems.Problems[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_stack_is_reported()
    {
        Write("systems/mine.yaml", "kind: system\nsummary: A test.\ntype: gpu\ngpu: a100-80\nstack: pytorch-eager-2032\nprice: a100\n");
        ProblemList problems = new();
        Assert.Null(SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [], problems));
        Assert.Contains("mine.yaml:5:8: stack: unknown stack 'pytorch-eager-2032'; did you mean 'pytorch-eager-2023'?", Assert.Single(problems.Problems).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpus: 4", 4, 1, 1, false)]
    [InlineData("gpus: 4\nparallelism: {tensor: 4}", 4, 1, 1, false)]
    [InlineData("gpus: 4\nparallelism: {expert: 4}", 4, 4, 1, false)]
    [InlineData("gpus: 4\nparallelism: {data: 4, expert: 4}", 1, 4, 4, false)]
    [InlineData("gpus: 4\nparallelism: {tensor: 1, data: 4, expert: 4, exchange: all-to-all}", 1, 4, 4, true)]
    [InlineData("gpus: 1", 1, 1, 1, false)]
    public void A_system_says_how_its_gpus_share_out_a_model(string text, int tensor, int expert, int data, bool allToAll)
    {
        ProblemList problems = new();
        SystemDefinition? system = WithGpus(text, problems);
        Assert.Empty(problems.Problems);
        Assert.Equal(new SystemParallelism(tensor, expert, data, allToAll), system!.Parallelism);
        Assert.Equal(tensor * data, system.Ranks);
    }

    [Theory]
    [InlineData("gpus: 4\nparallelism: {tensor: 2}", "8:14: parallelism: 'tensor' x 'data' must be the system's 4 GPUs, not 2 x 1 GPUs")]
    [InlineData("gpus: 4\nparallelism: {tensor: 2, data: 2, expert: 4}", "8:14: parallelism: 2 x 2 GPUs: groups of several GPUs with sequences of their own are not built yet")]
    [InlineData("gpus: 4\nparallelism: {expert: 2}", "8:23: parallelism.expert: experts are shared out over all 4 GPUs or none")]
    [InlineData("gpus: 4\nparallelism: {data: 4}", "8:14: parallelism: 4 GPUs that share nothing are replicas")]
    [InlineData("gpus: 4\nparallelism: {expert: 4, exchange: gather}", "8:36: parallelism.exchange: tokens are exchanged where")]
    [InlineData("gpus: 4\nparallelism: {tensors: 4}", "8:15: parallelism: unknown key 'tensors'; did you mean 'tensor'?")]
    [InlineData("gpus: 4\nparallelism: {tensor: 5}", "8:23: parallelism.tensor: 5 is out of range")]
    [InlineData("gpus: 4\nparallelism: 4", "8:14: parallelism: a mapping with")]
    public void A_sharing_that_cannot_be_is_named_with_its_line(string text, string complaint)
    {
        ProblemList problems = new();
        Assert.Null(WithGpus(text, problems));
        Assert.Contains(complaint, Assert.Single(problems.Problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_link_of_a_system_is_used_where_the_card_has_none()
    {
        ProblemList problems = new();
        Write("systems/mine.yaml", "kind: system\nsummary: A test.\ntype: gpu\ngpu: rtx-pro-6000\ngpus: 2\nstack: vllm-0.19\nprice: rtx-pro-6000\nlink: pcie5-x16\n");
        Assert.NotNull(SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [], problems));
        Write("systems/mine.yaml", "kind: system\nsummary: A test.\ntype: gpu\ngpu: rtx-pro-6000\ngpus: 2\nstack: vllm-0.19\nprice: rtx-pro-6000\nlink: pcie9-x16\n");
        Assert.Contains("unknown link 'pcie9-x16'", Assert.Throws<PimSimUserException>(() => SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [], problems)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_of_the_wrong_kind_is_reported_in_its_file()
    {
        Write("systems/mine.yaml", "kind: system\nsummary: A test.\ntype: pim\nmemory: pim-gpt-asic\nasic: pim-gpt-asic\nprice: pim-gpt\n");
        ProblemList problems = new();
        Assert.Null(SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [], problems));
        Assert.Contains(problems.Problems, problem => problem.ToString().Contains("pim-gpt-asic.yaml:1:", StringComparison.Ordinal)
            && problem.Message.Contains("is not a memory with processing", StringComparison.Ordinal));
    }

    [Fact]
    public void A_system_that_is_not_there_is_refused_with_the_nearest_name()
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => SystemDefinition.Read(new HardwareCatalogue(null), "pim-gtp", [], new()));
        Assert.Contains("unknown system 'pim-gtp'; did you mean 'pim-gpt'?", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_of_all_parts_are_told_at_once()
    {
        ProblemList problems = new();
        ParameterChange[] changes =
        [
            Change(problems, "memory", "timings.tRP", "-1 ns"), Change(problems, "memory", "no.such", "1"),
            Change(problems, "asic", "adders", "0"), Change(problems, "price", "ownership.capital", "5 W"),
        ];
        Assert.Null(SystemDefinition.Read(new HardwareCatalogue(null), "pim-gpt", changes, problems));
        Assert.Equal(4, problems.Problems.Distinct().Count());
        Assert.All(problems.Problems, problem => Assert.Equal("experiment.yaml", problem.File));
    }

    [Theory]
    [InlineData("latency: nRP,", "latency: nRPP,", "the device has no timing 'nRPP'; did you mean 'nRP'?")]
    [InlineData("latency: nRP,", "latency: nRP +,", "a parameter or a number is missing")]
    [InlineData("latency: nRP,", "latency: \"max(nRP\",", "',' is missing")]
    [InlineData("latency: nRP,", "latency: 99999999999,", "are too many")]
    [InlineData("to: [ACT, ACT16, REFab], latency: nRP", "to: [ACT, ACT61, REFab], latency: nRP", "'ACT61' is not a command; did you mean 'ACT'?")]
    [InlineData("to: [ACT, ACT16, REFab], latency: nRP, source: GDDR6", "to: [ACT, ACT16, REFab], latency: nRP, source: JEDEC", "'JEDEC' is not in this file's 'sources'")]
    [InlineData("{scope: bank, from: [PRE, PREA], to: [ACT", "{scope: banks, from: [PRE, PREA], to: [ACT", "'banks' is not known; did you mean 'bank'?")]
    [InlineData("to: [ACT, ACT16, REFab], latency: nRP", "too: [ACT, ACT16, REFab], latency: nRP", "unknown key 'too'; did you mean 'to'?")]
    public void A_wrong_rule_of_a_standard_is_reported_at_its_line(string rule, string wrong, string message)
    {
        string[] lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Catalogue", "standards", "gddr6-aim.yaml"));
        int line = Array.FindIndex(lines, text => text.Contains(rule, StringComparison.Ordinal));
        lines[line] = lines[line].Replace(rule, wrong, StringComparison.Ordinal);
        Write("standards/gddr6-aim.yaml", string.Join('\n', lines));
        ProblemList problems = new();
        Assert.Null(SystemDefinition.Read(new HardwareCatalogue(_folder), "pim-gpt", [], problems));
        Assert.Contains(problems.Problems, problem => problem.Message.Contains(message, StringComparison.Ordinal));
        Assert.All(problems.Problems, problem => Assert.Contains($"gddr6-aim.yaml:{line + 1}:", problem.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("  tRP:", "  t_RP:", "the device has no timing 'nRP'", "gddr6-aim.yaml:")]
    [InlineData("  tRP:", "  RP:", "a timing is named nX (cycles) or tX (time)", "pim-gpt-memory.yaml:")]
    [InlineData("  tRP:", "  nRC: {value: 40, source: estimated}\n  tRP:", "nRC and tRC are given", "pim-gpt-memory.yaml:")]
    [InlineData("  tRP:", "  \"\": 5\n  tRP:", "a timing is named", "pim-gpt-memory.yaml:")]
    [InlineData("  tRAS:", "  tRAZ:", "'nRAS' (or 'tRAS') is missing", "pim-gpt-memory.yaml:")]
    [InlineData("channels: {value: 8, source: PG-KR}", "channels: 8", "every number in a catalogue names its source", "pim-gpt-memory.yaml:")]
    [InlineData("channels: {value: 8, source: PG-KR}", "channels: {value: 8, source: PGKR}", "'PGKR' is not in this file's 'sources'; did you mean 'PG-KR'?", "pim-gpt-memory.yaml:")]
    [InlineData("  interval: {", "  intervall: {", "'interval' is missing", "pim-gpt-memory.yaml:")]
    public void A_wrong_line_of_a_data_sheet_is_reported(string old, string wrong, string message, string place)
    {
        string sheet = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Catalogue", "devices", "pim-gpt-memory.yaml"));
        Assert.Contains(old, sheet, StringComparison.Ordinal);
        Write("devices/pim-gpt-memory.yaml", sheet.Replace(old, wrong, StringComparison.Ordinal));
        ProblemList problems = new();
        Assert.Null(SystemDefinition.Read(new HardwareCatalogue(_folder), "pim-gpt", [], problems));
        Assert.Contains(problems.Problems, problem => problem.Message.Contains(message, StringComparison.Ordinal) && problem.ToString().Contains(place, StringComparison.Ordinal));
        Assert.All(problems.Problems, problem => Assert.True(problem.Line > 0));
    }

    private SystemDefinition? WithGpus(string text, ProblemList problems)
    {
        Write("systems/mine.yaml", $"kind: system\nsummary: A test.\ntype: gpu\ngpu: a100-80\nstack: vllm-2024\nprice: a100\n{text}\n");
        return SystemDefinition.Read(new HardwareCatalogue(_folder), "mine", [], problems);
    }

    /// <summary>A change as an experiment would make it, on the third line of its file.</summary>
    private static ParameterChange Change(ProblemList problems, string part, string path, string value) =>
        new(part, path, DataNode.Parse("experiment.yaml", $"a: 1\nb: 2\nvalue: {value}", problems).Required("value"));

    private void Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
