using Xunit;

namespace PimSim.Acceptance;

/// <summary>Wrong input is answered with one clear message that names file and line, exit code 2, and nothing written.</summary>
public class BadInputTests
{
    private const string Good = """
        title: t
        models: [gpt2-small]
        systems: [pim-gpt]
        generatedTokens: 1
        """;

    [Theory]
    [InlineData("models: [gpt2-small]", "models: [gpt2-smal]", ":2:", "unknown model 'gpt2-smal'; did you mean 'gpt2-small'?")]
    [InlineData("systems: [pim-gpt]", "systems: [pim-gtp]", ":3:", "unknown system 'pim-gtp'; did you mean 'pim-gpt'?")]
    [InlineData("title: t", "titel: t", ":1:", "unknown key 'titel'; did you mean 'title'?")]
    [InlineData("generatedTokens: 1", "generatedTokens: -1", ":4:", "-1 is out of range")]
    [InlineData("generatedTokens: 1", "generatedTokens: many", ":4:", "'many' is not a whole number")]
    [InlineData("generatedTokens: 1", "generatedTokens: 1\ngeneratedTokens: 2", ":5:", "Duplicate key")]
    [InlineData("generatedTokens: 1", "technique: speculative\ngeneratedTokens: 1", ":4:", "'speculative' is not known")]
    [InlineData("systems: [pim-gpt]", "systems: [{system: pim-gpt, set: {memory.timings.tRP: 12 GB}}]", ":3:", "'12 GB' is a size; write a time with one of the units ps, ns")]
    [InlineData("systems: [pim-gpt]", "systems: [{system: pim-gpt, set: {memory.timings.tRP: 12}}]", ":3:", "'12' has no unit")]
    [InlineData("systems: [pim-gpt]", "systems: [{system: pim-gpt, set: {memory.timings.tRP: -12 ns}}]", ":3:", "'-12 ns' is negative")]
    [InlineData("systems: [pim-gpt]", "systems: [{system: pim-gpt, set: {memory.timings.tRQ: 12 ns}}]", ":3:", "'tRQ' is unknown; did you mean 'tRP'?")]
    [InlineData("systems: [pim-gpt]", "systems: [{system: pim-gpt, set: {mem.timings.tRP: 12 ns}}]", ":3:", "'pim-gpt' has no part 'mem'")]
    [InlineData("systems: [pim-gpt]", "systems: [pim-gpt", ":3:", "is a bracket, a brace or a quote left open?")]
    public void A_wrong_experiment_names_file_and_line(string right, string wrong, string line, string message)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("bad.yaml", Good.Replace(right, wrong, StringComparison.Ordinal));
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", file, "--out", folder.File("out"));
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.Contains(file + line, errors, StringComparison.Ordinal);
        AssertRefused(exitCode, output, errors, folder);
    }

    [Fact]
    public void All_problems_are_reported_at_once()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("bad.yaml", "title: t\nmodels: [gpt2-smal, gpt2-xl]\nsystems: [pim-gpt, t44]\ngeneratedTokens: 0\nfoo: 1\n");
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", file, "--out", folder.File("out"));
        Assert.Equal(4, errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        AssertRefused(exitCode, output, errors, folder);
    }

    [Theory]
    [InlineData("serving: {}\nrequests: {arrivals: at-once, count: 1, lengths: {input: 1, output: 1}}")]
    [InlineData("idealised: {promptTokens: [1], outputTokens: [1, 2]}")]
    public void Models_that_do_not_fit_are_all_named_before_anything_runs(string section)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("big.yaml", $"title: t\nmodels: [gpt2-small, llama-2-13b, llama-2-70b]\nsystems: [t4]\n{section}\n");
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", file, "--out", folder.File("out"));
        Assert.Contains("'llama-2-13b' does not fit", errors, StringComparison.Ordinal);
        Assert.Contains("'llama-2-70b' does not fit", errors, StringComparison.Ordinal);
        AssertRefused(exitCode, output, errors, folder);
    }

    [Fact]
    public void A_model_that_does_not_fit_is_refused_with_the_sizes()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("big.yaml", Good.Replace("gpt2-small", "llama-2-7b", StringComparison.Ordinal));
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", file, "--out", folder.File("out"));
        Assert.Contains("llama-2-7b does not fit: weights 12.55 GiB", errors, StringComparison.Ordinal);
        Assert.Contains("of 4.00 GiB", errors, StringComparison.Ordinal);
        AssertRefused(exitCode, output, errors, folder);
    }

    [Fact]
    public void A_context_longer_than_the_model_has_positions_is_refused()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("long.yaml", Good.Replace("generatedTokens: 1", "generatedTokens: 1025", StringComparison.Ordinal));
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", file, "--out", folder.File("out"));
        Assert.Contains("1024", errors, StringComparison.Ordinal);
        AssertRefused(exitCode, output, errors, folder);
    }

    [Fact]
    public void An_unreadable_file_is_named()
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", folder.File("none.yaml"), "--out", folder.File("out"));
        Assert.Contains($"{folder.File("none.yaml")}: cannot be read", errors, StringComparison.Ordinal);
        AssertRefused(exitCode, output, errors, folder);
    }

    [Fact]
    public void A_binary_file_is_refused()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[4096];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(folder.File("noise.yaml"), bytes);
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", folder.File("noise.yaml"), "--out", folder.File("out"));
        AssertRefused(exitCode, output, errors, folder);
    }

    [Fact]
    public void An_output_folder_that_cannot_be_made_is_refused_before_anything_runs()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("good.yaml", Good);
        string inTheWay = folder.Write("occupied", "a file, not a folder");
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", file, "--out", Path.Combine(inTheWay, "out"));
        Assert.Contains("cannot be written", errors, StringComparison.Ordinal);
        AssertRefused(exitCode, output, errors, folder);
        Assert.Equal("a file, not a folder", File.ReadAllText(inTheWay));
    }

    [Theory]
    [InlineData("run", "--nonsense")]
    [InlineData("run", "samples/pim-gpt.yaml", "--tokens", "0")]
    [InlineData("run", "samples/pim-gpt.yaml", "--threads", "none")]
    [InlineData("run", "samples/pim-gpt.yaml", "--model", "gpt2-smal")]
    [InlineData("list", "gadgets")]
    [InlineData("show", "gpt2xl")]
    [InlineData("report", "/nowhere")]
    [InlineData("fly")]
    public void A_wrong_command_line_is_refused(params string[] arguments)
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output, string errors) = PimSimProcess.Run(arguments[0] == "run" ? [.. arguments, "--out", folder.File("out")] : arguments);
        AssertRefused(exitCode, output, errors, folder);
    }

    [Fact]
    public void Commands_of_more_than_one_point_are_refused()
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output, string errors) = PimSimProcess.Run(
            "run", "samples/pim-gpt.yaml", "--tokens", "1", "--out", folder.File("out"), "--commands", folder.File("c.csv"));
        Assert.Contains("exactly one model and one PIM system", errors, StringComparison.Ordinal);
        AssertRefused(exitCode, output, errors, folder);
        Assert.False(File.Exists(folder.File("c.csv")));
    }

    private static void AssertRefused(int exitCode, string output, string errors, TemporaryFolder folder)
    {
        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.NotEqual("", errors.Trim());
        Assert.False(Directory.Exists(folder.File("out")) && Directory.EnumerateFileSystemEntries(folder.File("out"), "*", SearchOption.AllDirectories).Any());
    }
}
