using System.Text.Json;
using Xunit;

namespace PimSim.Acceptance;

/// <summary>The commands of <c>pimsim trace</c>, as a user runs them.</summary>
public class TraceTests
{
    [Fact]
    public void A_trace_is_recorded_inspected_exported_and_replayed()
    {
        using TemporaryFolder folder = new();
        string trace = folder.File("t.parquet");
        (int exitCode, string output, string errors) = PimSimProcess.Run("trace", "record", "--model", "gpt2-small", "--backend", "shape", "--prompt-tokens", "4", "--tokens", "3", "--out", trace);
        Assert.Equal((0, ""), (exitCode, output));
        Assert.DoesNotContain("bug", errors, StringComparison.Ordinal);

        (exitCode, output, _) = PimSimProcess.Run("trace", "info", trace);
        Assert.Equal(0, exitCode);
        using (var info = JsonDocument.Parse(output))
        {
            // 12 layers of 11 operators, three for the embeddings, three at the end.
            Assert.Equal(3, info.RootElement.GetProperty("steps").GetInt32());
            Assert.Equal(3 * ((12 * 11) + 6), info.RootElement.GetProperty("all").GetProperty("operators").GetInt64());
            Assert.Equal(36, info.RootElement.GetProperty("roles").GetProperty("ffn_up").GetProperty("operators").GetInt64());
        }

        (exitCode, output, _) = PimSimProcess.Run("trace", "info", trace, "--format", "table");
        Assert.Equal(0, exitCode);
        Assert.Contains("operators by arithmetic intensity", output, StringComparison.Ordinal);

        Assert.Equal((0, ""), Run("trace", "export", trace, "--to", "chrome", "--out", folder.File("t.json")));
        using (var chrome = JsonDocument.Parse(File.ReadAllText(folder.File("t.json"))))
        {
            Assert.Equal((3 * ((12 * 11) + 6)) + 3, chrome.RootElement.GetProperty("traceEvents").GetArrayLength());
        }

        Assert.Equal((0, ""), Run("trace", "export", trace, "--to", "chakra", "--out", folder.File("t.et")));
        Assert.True(new FileInfo(folder.File("t.et")).Length > 1000);

        string experiment = folder.Write("replay.yaml", "title: t\ntrace: t.parquet\nsystems: [t4]\n");
        (exitCode, output, errors) = PimSimProcess.Run("run", experiment, "--out", folder.File("out"));
        Assert.True(exitCode == 0, errors);
        Assert.Contains("gpt2-small", output, StringComparison.Ordinal);
        using var result = JsonDocument.Parse(File.ReadAllText(folder.File("out/results.json")));
        Assert.Equal("t.parquet", result.RootElement.GetProperty("Trace").GetProperty("File").GetString());
        Assert.Contains("t.parquet", File.ReadAllText(folder.File("out/report.html")), StringComparison.Ordinal);
    }

    /// <summary>Another tool's profile: refused with the number of operators that nothing predicts, then run as the experiment says.</summary>
    [Fact]
    public void An_imported_profile_is_replayed_without_tokens()
    {
        using TemporaryFolder folder = new();
        string profile = folder.Write("k.csv", "Time (%),Total Time (ns),Instances,Name\n75,3000,3,gemm_kernel\n25,1000,1,copy_kernel\n");
        (int exitCode, _, string errors) = PimSimProcess.Run("trace", "import", profile, "--out", folder.File("k.parquet"));
        Assert.True(exitCode == 0, errors);

        string experiment = folder.Write("k.yaml", "title: t\ntrace: k.parquet\nsystems: [t4, a100]\n");
        (exitCode, _, errors) = PimSimProcess.Run("run", experiment, "--out", folder.File("out"));
        Assert.Equal(2, exitCode);
        Assert.Contains("k.yaml:2:8: ", errors, StringComparison.Ordinal);
        Assert.Contains("4 of its 4 operators", errors, StringComparison.Ordinal);
        Assert.Contains("3 x 'gemm_kernel', 1 x 'copy_kernel'", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("out")));

        File.AppendAllText(experiment, "opaque: measured\n");
        (exitCode, string output, errors) = PimSimProcess.Run("run", experiment, "--out", folder.File("out"));
        Assert.True(exitCode == 0, errors);
        Assert.Contains("Replayed trace", output, StringComparison.Ordinal);
        using var result = JsonDocument.Parse(File.ReadAllText(folder.File("out/results.json")));
        JsonElement point = result.RootElement.GetProperty("Points")[0];
        Assert.Equal(JsonValueKind.Null, point.GetProperty("TokensPerSecond").ValueKind);
        Assert.Equal(4_000_000, point.GetProperty("TimePicoseconds").GetProperty("Other").GetProperty("opaque").GetInt64());
    }

    /// <summary>The model that ships, really computed; its measured trace replayed on another processor.</summary>
    [Fact]
    public void The_built_in_model_is_recorded_with_its_times_and_tokens()
    {
        using TemporaryFolder folder = new();
        string prompt = folder.Write("prompt.txt", "Once");
        Assert.Equal((0, ""), Run("trace", "record", "--prompt-file", prompt, "--tokens", "5", "--out", folder.File("b.jsonl")));
        string[] lines = File.ReadAllLines(folder.File("b.jsonl"));
        Assert.Equal(7, lines.Length);
        using var header = JsonDocument.Parse(lines[0]);
        Assert.Equal(("builtin", "cpu"), (header.RootElement.GetProperty("model").GetString(), header.RootElement.GetProperty("backend").GetString()));
        Assert.NotEqual("", header.RootElement.GetProperty("machine").GetString());
        foreach (string line in lines[1..^1])
        {
            using var step = JsonDocument.Parse(line);
            Assert.Equal("sample", step.RootElement.GetProperty("decisions")[0].GetProperty("decision").GetString());
            Assert.True(step.RootElement.GetProperty("measured_ns").GetArrayLength() > 50);
        }

        string experiment = folder.Write("replay.yaml", "title: t\ntrace: b.jsonl\nsystems: [xeon-6154]\n");
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", experiment, "--out", folder.File("out"));
        Assert.True(exitCode == 0, errors);
        Assert.Contains("builtin", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_tools_files_are_imported_as_traces_or_requests()
    {
        using TemporaryFolder folder = new();
        string kernels = folder.Write("kernels.csv", "Time (%),Total Time (ns),Instances,Avg (ns),Med (ns),Min (ns),Max (ns),StdDev (ns),Name\n60.0,600,2,300,300,290,310,14,gemm\n40.0,400,1,400,400,400,400,0,softmax\n");
        (int exitCode, string output, string errors) = PimSimProcess.Run("trace", "import", kernels, "--phase", "decode", "--out", folder.File("k.parquet"));
        Assert.True(exitCode == 0, errors);
        Assert.Contains("3 GPU activities", output, StringComparison.Ordinal);
        (exitCode, output, _) = PimSimProcess.Run("trace", "info", folder.File("k.parquet"));
        using (var info = JsonDocument.Parse(output))
        {
            Assert.Equal((0, 3), (exitCode, info.RootElement.GetProperty("all").GetProperty("operators").GetInt32()));
        }

        string requests = folder.Write("azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8\n");
        Assert.Equal(0, PimSimProcess.Run("trace", "import", requests, "--out", folder.File("r.jsonl")).ExitCode);
        Assert.Equal(2, File.ReadAllLines(folder.File("r.jsonl")).Length);

        (exitCode, _, errors) = PimSimProcess.Run("trace", "import", requests, "--out", folder.File("r.parquet"));
        Assert.Equal(2, exitCode);
        Assert.Contains("a name that ends in .jsonl would be right", errors, StringComparison.Ordinal);
        (exitCode, _, errors) = PimSimProcess.Run("trace", "import", requests, "--phase", "decode", "--out", folder.File("r2.jsonl"));
        Assert.Equal(2, exitCode);
        Assert.Contains("--phase is of operators", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("r2.jsonl")));
        folder.Write("azure.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,x,10\n");
        (exitCode, _, errors) = PimSimProcess.Run("trace", "import", requests, "--from", "azure", "--out", folder.File("bad.jsonl"));
        Assert.Equal(2, exitCode);
        Assert.Contains("azure.csv:2:", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("bad.jsonl")));
    }

    [Fact]
    public void The_same_command_gives_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["a.parquet", "b.parquet"])
        {
            Assert.Equal((0, ""), Run("trace", "record", "--model", "llama-2-70b", "--backend", "shape", "--prompt-tokens", "16", "--tokens", "4", "--sequences", "2", "--seed", "7", "--out", folder.File(name)));
        }

        Assert.Equal(File.ReadAllBytes(folder.File("a.parquet")), File.ReadAllBytes(folder.File("b.parquet")));
    }

    [Theory]
    [InlineData("unknown model 'gpt2-smal', and there is no such folder; did you mean 'gpt2-small'?", "--model", "gpt2-smal", "--backend", "shape", "--tokens", "1")]
    [InlineData("unknown backend 'tpu'", "--model", "gpt2-small", "--backend", "tpu", "--tokens", "1")]
    [InlineData("unknown technique 'magic'", "--model", "gpt2-small", "--backend", "shape", "--technique", "magic", "--tokens", "1")]
    [InlineData("--tokens needs a number of 1 or more, not 0", "--model", "gpt2-small", "--backend", "shape", "--tokens", "0")]
    [InlineData("1024 positions", "--model", "gpt2-small", "--backend", "shape", "--tokens", "2000")]
    [InlineData("--prompt-tokens and --prompt-file are one or the other", "--model", "gpt2-small", "--backend", "shape", "--tokens", "1", "--prompt-tokens", "1", "--prompt-file", "x")]
    [InlineData("nowhere.txt: cannot be read", "--model", "gpt2-small", "--backend", "shape", "--tokens", "1", "--prompt-file", "nowhere.txt")]
    [InlineData("has no tokenizer", "--model", "gpt2-small", "--backend", "shape", "--tokens", "1", "--prompt-file", "README.md")]
    [InlineData("there is no folder 'nowhere'", "--model", "gpt2-small", "--backend", "shape", "--tokens", "1", "--catalogue", "nowhere")]
    public void A_wrong_recording_is_refused(string message, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output, string errors) = PimSimProcess.Run(["trace", "record", "--out", folder.File("t.parquet"), .. arguments]);
        Assert.Contains(message, errors, StringComparison.Ordinal);
        AssertRefused(exitCode, output, errors, folder);
    }

    [Theory]
    [InlineData("t.csv", "those end with .parquet, .jsonl, .jsonl.gz")]
    [InlineData("file/t.parquet", "cannot be written")]
    public void A_file_that_cannot_be_written_is_refused(string name, string message)
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder beside = new();
        beside.Write("file", "in the way");
        (int exitCode, string output, string errors) = PimSimProcess.Run("trace", "record", "--model", "gpt2-small", "--backend", "shape", "--tokens", "1", "--out", beside.File(name));
        Assert.Contains(message, errors, StringComparison.Ordinal);
        AssertRefused(exitCode, output, errors, folder);
    }

    [Theory]
    [InlineData("noise.parquet", "does not begin and end with PAR1")]
    [InlineData("noise.jsonl", "noise.jsonl:1: not valid")]
    [InlineData("noise.jsonl.gz", "not valid gzip")]
    [InlineData("none.parquet", "cannot be read")]
    public void A_wrong_trace_is_refused_by_every_command(string name, string message)
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder beside = new();
        byte[] noise = new byte[5000];
        new Random(1).NextBytes(noise);
        if (name.StartsWith("noise", StringComparison.Ordinal))
        {
            File.WriteAllBytes(beside.File(name), noise);
        }

        string experiment = beside.Write("x.yaml", $"title: t\ntrace: {name}\nsystems: [t4]\n");
        string[][] commands =
        [
            ["trace", "info", beside.File(name)],
            ["trace", "export", beside.File(name), "--to", "chrome", "--out", folder.File("t.json")],
            ["trace", "export", beside.File(name), "--to", "chakra", "--out", folder.File("t.et")],
            ["run", experiment, "--out", folder.File("out")],
        ];
        foreach (string[] command in commands)
        {
            (int exitCode, string output, string errors) = PimSimProcess.Run(command);
            Assert.Contains(message, errors, StringComparison.Ordinal);
            Assert.Single(errors.Trim().Split('\n'));
            AssertRefused(exitCode, output, errors, folder);
        }
    }

    [Theory]
    [InlineData("trace")]
    [InlineData("trace", "record")]
    [InlineData("trace", "info")]
    [InlineData("trace", "export", "x.parquet", "--to", "otf2", "--out", "y")]
    public void A_wrong_command_line_is_refused(params string[] arguments)
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output, string errors) = PimSimProcess.Run(arguments);
        Assert.Equal(2, exitCode);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.NotEqual("", errors.Trim());
        Assert.True(output.Length == 0 || arguments.Length == 1);
    }

    private static (int ExitCode, string Output) Run(params string[] arguments)
    {
        (int exitCode, string output, string _) = PimSimProcess.Run(arguments);
        return (exitCode, output);
    }

    private static void AssertRefused(int exitCode, string output, string errors, TemporaryFolder folder)
    {
        Assert.Equal((2, ""), (exitCode, output));
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }
}
