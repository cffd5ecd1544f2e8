using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Xunit;

namespace PimSim.Acceptance;

/// <summary><c>pimsim dram</c> from files to files, as a user runs it.</summary>
public class DramTests
{
    private const int Requests = 3000;

    [Theory]
    [InlineData("ddr4-2400r", "frfcfs")]
    [InlineData("ddr5-4800bn", "frfcfs-same-bank-refresh")]
    [InlineData("hbm3-6.4", "frfcfs-per-bank-refresh")]
    [InlineData("samples/dram/hbm2.ini", "ramulator")]
    public void A_run_writes_statistics_commands_latencies_and_figures_that_belong_together(string memory, string policy)
    {
        using TemporaryFolder folder = new();
        string trace = folder.Write("requests.trace", RandomTrace());
        (int exitCode, string output, string errors) = PimSimProcess.Run(
            "dram", trace, "--config", memory, "--policy", policy, "--commands", folder.File("commands.csv"), "--latencies", folder.File("latencies.csv"), "--out", folder.File("out"));
        Assert.Equal((0, ""), (exitCode, WithoutNotes(errors)));
        Assert.Equal(File.ReadAllText(folder.File("out/statistics.json")), output);

        using var statistics = JsonDocument.Parse(output);
        JsonElement root = statistics.RootElement;
        Assert.Equal(Requests, root.GetProperty("requests").GetInt64());
        Assert.Equal(100, root.GetProperty("busPercent").EnumerateObject().Sum(share => share.Value.GetDouble()), 9);

        string[] commands = File.ReadAllLines(folder.File("commands.csv"));
        Assert.Equal("cycle,cmd,channel,rank,bankgroup,bank,row,col", commands[0]);
        long counted = root.GetProperty("channels").EnumerateArray().SelectMany(channel => channel.GetProperty("ranks").EnumerateArray())
            .SelectMany(rank => rank.GetProperty("commands").EnumerateObject()).Sum(count => count.Value.GetInt64());
        Assert.Equal(counted, commands.Length - 1);

        string[] latencies = File.ReadAllLines(folder.File("latencies.csv"));
        Assert.Equal("id,accepted,done", latencies[0]);
        long[][] rows = [.. latencies.Skip(1).Select(line => line.Split(',').Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray())];
        Assert.Equal(Enumerable.Range(0, Requests).Select(id => (long)id), rows.Select(row => row[0]));
        Assert.All(rows, row => Assert.True(row[2] > row[1]));
        Assert.Equal(root.GetProperty("cycles").GetInt64(), rows.Max(row => row[2]));
        Assert.Contains(Directory.GetFiles(folder.File("out/figures")), file => file.EndsWith("latency-histogram.png", StringComparison.Ordinal));
        Assert.Contains(Directory.GetFiles(folder.File("out/figures")), file => file.EndsWith("bandwidth-over-time.svg", StringComparison.Ordinal));

        (exitCode, output, _) = PimSimProcess.Run("dram", "check", folder.File("commands.csv"), "--config", memory);
        Assert.Contains("no rule is broken", output, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
    }

    /// <summary>Vectors are sixteen wide where the processor has them and emulated where not.</summary>
    [Theory]
    [InlineData("ddr4-2400r", "frfcfs", "DOTNET_EnableAVX512")]
    [InlineData("hbm2-2.0", "frfcfs", "DOTNET_EnableAVX2")]
    [InlineData("hbm2-2.0", "ramulator", "DOTNET_EnableAVX512")]
    [InlineData("ddr4-2400r", "frfcfs-timeout", "DOTNET_EnableHWIntrinsic")]
    public void A_processor_without_wide_vectors_gives_the_same_commands(string memory, string policy, string instructions)
    {
        using TemporaryFolder folder = new();
        string trace = folder.Write("requests.trace", RandomTrace());
        string Commands(string value)
        {
            string commands = folder.File($"commands{value}.csv");
            (int exitCode, _, string errors) = PimSimProcess.RunWith((instructions, value), "dram", trace, "--config", memory, "--policy", policy, "--commands", commands);
            Assert.Equal((0, ""), (exitCode, WithoutNotes(errors)));
            return File.ReadAllText(commands);
        }

        Assert.Equal(Commands("1"), Commands("0"));
    }

    [Fact]
    public void The_same_requests_give_the_same_bytes_packed_or_not()
    {
        using TemporaryFolder folder = new();
        string trace = folder.Write("requests.trace", RandomTrace());
        string packed = folder.File("requests.trace.gz");
        using (GZipStream stream = new(File.Create(packed), CompressionLevel.Fastest))
        {
            stream.Write(File.ReadAllBytes(trace));
        }

        Assert.Equal(Commands(folder, trace), Commands(folder, packed));
    }

    [Fact]
    public void A_broken_rule_is_found_in_a_command_trace()
    {
        using TemporaryFolder folder = new();
        string commands = folder.Write("commands.csv", "cycle,cmd,channel,rank,bankgroup,bank,row,col\n1,ACT,0,0,0,0,5,-1\n16,RD,0,0,0,0,5,3\n");
        (int exitCode, string output, _) = PimSimProcess.Run("dram", "check", commands, "--config", "ddr4-2400r");
        Assert.Equal(1, exitCode);
        Assert.Contains("nRCD", output, StringComparison.Ordinal);
        Assert.Contains("cycle 16", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0x1000 READ\n", ":1:")]
    [InlineData("0x1000 READ 0\n0x1000 REED 1\n", ":2:")]
    [InlineData("0x1000 READ 5\n0x1000 READ 4\n", ":2:")]
    [InlineData("0xFFFFFFFFFFFF READ 0\n", ":1:")]
    public void A_wrong_trace_is_refused_with_its_line_and_leaves_nothing(string text, string line)
    {
        using TemporaryFolder folder = new();
        string trace = folder.Write("requests.trace", text);
        string before = folder.Write("commands.csv", "kept");
        (int exitCode, string output, string errors) = PimSimProcess.Run("dram", trace, "--config", "ddr4-2400r", "--commands", before, "--out", folder.File("out"));
        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith(trace + line, errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("kept", File.ReadAllText(before));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    [Theory]
    [InlineData("tRAS = 39", "tRAS = 9", "tRAS")]
    [InlineData("tRAS = 39\n", "", "tRAS")]
    [InlineData("tRAS = 39", "tRAS = many", "tRAS")]
    [InlineData("tRAS = 39", "tRAZ = 39", "tRAZ")]
    public void A_wrong_configuration_is_refused(string right, string wrong, string named)
    {
        using TemporaryFolder folder = new();
        string trace = folder.Write("requests.trace", RandomTrace());
        string sample = File.ReadAllText(Path.Combine(SourceTree.Root, "samples/dram/ddr4-2400.ini"));
        Assert.Contains(right, sample, StringComparison.Ordinal);
        string configuration = folder.Write("memory.ini", sample.Replace(right, wrong, StringComparison.Ordinal));
        (int exitCode, string output, string errors) = PimSimProcess.Run("dram", trace, "--config", configuration);
        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith(configuration, errors, StringComparison.Ordinal);
        Assert.Contains(named, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_the_memory_has_no_refresh_command_for_is_refused()
    {
        using TemporaryFolder folder = new();
        string trace = folder.Write("requests.trace", RandomTrace());
        (int exitCode, _, string errors) = PimSimProcess.Run("dram", trace, "--config", "ddr4-2400r", "--policy", "frfcfs-per-bank-refresh");
        Assert.Equal(2, exitCode);
        Assert.Contains("per-bank refresh", errors, StringComparison.Ordinal);
    }

    private static string Commands(TemporaryFolder folder, string trace)
    {
        string commands = folder.File("commands.csv");
        Assert.Equal(0, PimSimProcess.Run("dram", trace, "--config", "ddr4-2400r", "--commands", commands).ExitCode);
        return File.ReadAllText(commands);
    }

    private static string WithoutNotes(string errors) =>
        string.Concat(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("note: ", StringComparison.Ordinal)));

    private static string RandomTrace()
    {
        Random random = new(1);
        StringBuilder text = new();
        long cycle = 0;
        for (int i = 0; i < Requests; i++)
        {
            cycle += random.Next(12);
            text.Append(CultureInfo.InvariantCulture, $"0x{random.NextInt64(1L << 29) & ~63L:X} {(random.Next(3) == 0 ? "WRITE" : "READ")} {cycle}\n");
        }

        return text.ToString();
    }
}
