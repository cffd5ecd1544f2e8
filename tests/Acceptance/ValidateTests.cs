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

    [Fact]
    public void Runs_of_whole_models_are_validated_and_a_stacks_host_is_fitted_on_them()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write(
            "perf_model.csv",
            "model,hardware,prompt_size,batch_size,token_size,peak_power,average_power,prompt_time,token_time,e2e_time,tensor_parallel\n"
            + "llama2-70b,a100-80gb,512,1,128,1.0,0.7,90,40,5170,4\nllama2-70b,a100-80gb,512,8,128,1.0,0.7,300,44,5888,4\nbloom-176b,a100-80gb,512,8,128,1.0,0.7,300,44,5888,8\n");
        (int exitCode, string output, string errors) = PimSimProcess.Run("validate", file, "--device", "a100-80", "--stack", "vllm-2023", "--threads", "2");
        Assert.Equal((0, ""), (exitCode, errors));
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(6, json.RootElement.GetProperty("rowsCompared").GetInt32());
        Assert.Contains("'bloom-176b' is not in the model zoo", output.Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);

        (exitCode, _, errors) = PimSimProcess.Run("calibrate", file, "--device", "a100-80", "--stack", "vllm-2023", "--class", "token-step,whole-run", "--out", folder.File("fitted.yaml"));
        Assert.True(exitCode == 0, errors);
        Assert.Matches("    ampere: {value: [0-9.]+, source: fit-a100-80}", File.ReadAllText(folder.File("fitted.yaml")));
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
