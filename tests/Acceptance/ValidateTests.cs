using System.Text.Json;
using Xunit;

namespace PimSim.Acceptance;

/// <summary><c>pimsim validate</c> as a user calls it.</summary>
public class ValidateTests
{
    private const string Table = "gemm_dtype,m,n,k,latency\nbfloat16,64,4096,4096,0.05\nbfloat16,2048,4096,4096,99\n";

    [Fact]
    public void Large_errors_are_shown_and_are_no_failure()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("gemm_perf.csv", Table);
        (int exitCode, string output, string errors) = PimSimProcess.Run("validate", file, "--device", "a100-80", "--stack", "sarathi-2024", "--out", folder.File("out"), "--threads", "2");
        Assert.Equal(0, exitCode);
        Assert.Empty(errors);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(2, json.RootElement.GetProperty("rowsCompared").GetInt32());
        Assert.True(json.RootElement.GetProperty("all").GetProperty("time").GetProperty("largest").GetDouble() > 0.9);
        Assert.Equal(output, File.ReadAllText(Path.Combine(folder.File("out"), "validation.json")));
    }

    [Theory]
    [InlineData("a100-800", "sarathi-2024", "linear", "0.05", "unknown GPU 'a100-800'")]
    [InlineData("a100-80", "sarathi", "linear", "0.05", "unknown stack 'sarathi'")]
    [InlineData("a100-80", "sarathi-2024", "linar", "0.05", "did you mean 'linear'?")]
    [InlineData("a100-80", "sarathi-2024", "linear", "fast", "gemm_perf.csv:2")]
    public void Bad_input_is_answered_with_one_line(string device, string stack, string classes, string time, string expected)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("gemm_perf.csv", Table.Replace("0.05", time, StringComparison.Ordinal));
        (int exitCode, string output, string errors) = PimSimProcess.Run("validate", file, "--device", device, "--stack", stack, "--class", classes, "--out", folder.File("out"));
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.False(Directory.Exists(folder.File("out")));
    }
}
