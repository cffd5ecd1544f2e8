using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

public sealed class RunTests(ITestOutputHelper output) : IDisposable
{
    private const string Splitwise = "model,hardware,prompt_size,batch_size,token_size,peak_power,average_power,prompt_time,token_time,e2e_time,tensor_parallel";

    private readonly MeasuredTables _tables = new();

    public void Dispose() => _tables.Dispose();

    private static EndToEndMeasurement[] Read(string path) => [.. MeasurementFile.Open(path).EndToEnd()];

    [Fact]
    public void A_splitwise_row_is_a_run_and_no_power_is_not_zero_power()
    {
        string path = _tables.Write("perf.csv", Splitwise, "llama2-70b,a100-80gb,512,8,128,1.1,0.75,200.5,54.25,7090.25,4", "bloom-176b,h100-80gb,512,1,128,0.0,0.0,75,36,4700,8");
        EndToEndMeasurement[] runs = Read(path);
        Assert.Equal(
            new EndToEndMeasurement
            {
                Model = "llama2-70b",
                Hardware = "a100-80gb",
                Device = "a100-80",
                Framework = "vLLM (2023)",
                Devices = 4,
                Parallelism = "tensor",
                Batch = 8,
                PromptTokens = 512,
                OutputTokens = 128,
                PromptSeconds = 0.2005,
                SecondsPerOutputToken = 0.05425,
                TotalSeconds = 7.09025,
                PowerShare = 0.75,
                File = path,
                Line = 2,
            },
            runs[0]);
        Assert.Null(runs[1].PowerShare);
        Assert.Empty(MeasurementFile.Open(path).Measurements());
    }

    [Fact]
    public void The_wrong_runs_of_splitwise_are_marked_and_no_others()
    {
        EndToEndMeasurement[] runs = Read(SharedData.Require("realgpu/splitwise-sim/data/perf_model.csv"));
        Assert.Equal(1260, runs.Length);
        Assert.All(runs, run => Assert.Equal(
            run.Hardware == "h100-80gb-pcap" || (run is { Model: "llama2-70b", Devices: 2 } && run.Batch >= 64),
            run.Caution is not null));

        // At the length that all repeats reached, a run is its prompt and its tokens: the columns are what they are taken for.
        Assert.All(runs.Where(run => run.Caution is null && run.OutputTokens == 128 && run.Batch < 32 && run.PromptTokens < 4096), run => Assert.Null(run.TotalCaution));
        output.WriteLine($"{runs.Count(run => run.TotalCaution is null)} of {runs.Length} whole times can be compared");
        Assert.All(runs.Where(run => run.TotalCaution is null), run => Assert.InRange(
            run.TotalSeconds!.Value / (run.PromptSeconds!.Value + ((run.OutputTokens - 1) * run.SecondsPerOutputToken!.Value)), 0.97, 1.03));
        output.WriteLine($"{runs.Count(run => run.Caution is not null)} of {runs.Length} marked");
    }

    [Fact]
    public void Rows_of_the_bench_keep_seconds_power_and_types()
    {
        string power = _tables.Write("power.csv", "Hardware,Num of Hardware,Framework,Model,Input Output Length,Batch Size,Latency,Throughput,avg_power", "", "Nvidia A100 GPU,1,vLLM,m/x,1024,16,13.5,1,222122.5");
        EndToEndMeasurement run = Assert.Single(Read(power));
        Assert.Equal((1024, 1024, 16, 13.5, 222.1225, null), (run.PromptTokens, run.OutputTokens, run.Batch, run.TotalSeconds!.Value, run.Watts!.Value, run.PromptSeconds));

        string types = _tables.Write("types.csv", "Hardware,Num of Hardware,Framework,Model,Input Output Length,Batch Size,kv_cache_dtype,latency,throughput", "g,2,vLLM,m,128,1,\"Weight = int8, KV Cache = fp8\",1.5,2");
        run = Assert.Single(Read(types));
        Assert.Equal((DataType.Int8, DataType.Fp8, 2, 1.5), (run.WeightType!.Value, run.KvType!.Value, run.Devices, run.TotalSeconds!.Value));

        string first = _tables.Write("first.csv", "Hardware,Num of Hardware,Framework,Model,Input Length,Output Length,Batch Size,TTFT Latency,end_latency ", "g,1,vLLM,m,1024,1,16,2.25,14.5");
        run = Assert.Single(Read(first));
        Assert.Equal((1024, 1, 2.25, null), (run.PromptTokens, run.OutputTokens, run.PromptSeconds!.Value, run.TotalSeconds));

        string single = _tables.Write("single.csv", "Hardware,Num of Hardware,Framework,Model,Input Length,Output Length,Batch Size,Latency", "g,1,vLLM,m,1024,1,16,2.25");
        run = Assert.Single(Read(single));
        Assert.Equal((2.25, 2.25), (run.PromptSeconds!.Value, run.TotalSeconds!.Value));
    }

    [Theory]
    [InlineData("Nvidia A100 GPU", "a100-40")]
    [InlineData("Nvidia H100 GPU ", "h100-sxm")]
    [InlineData("AMD MI300X GPU", "mi300x")]
    [InlineData("Habana Gaudi2", null)]
    public void The_words_of_the_bench_for_its_machines_name_data_sheets(string hardware, string? device)
    {
        string path = _tables.Write("runs.csv", "Hardware,Num of Hardware,Framework,Model,Input Output Length,Batch Size,Latency", $"{hardware},1,vLLM,m,128,1,1.5");
        Assert.Equal(device, Assert.Single(Read(path)).Device);
    }

    [Theory]
    [InlineData("a100-80gb", "a100-80")]
    [InlineData("h100-80gb", "h100-sxm")]
    [InlineData("h100-80gb-pcap", "h100-sxm")]
    [InlineData("a100", null)]
    public void The_words_of_splitwise_for_its_machines_name_data_sheets(string hardware, string? device)
    {
        string path = _tables.Write("perf.csv", Splitwise, $"llama2-70b,{hardware},512,8,128,1.1,0.75,200.5,54.25,7090.25,4");
        Assert.Equal(device, Assert.Single(Read(path)).Device);
    }

    [Theory]
    [InlineData("All_results.csv", 4772)]
    [InlineData("Fig_16_a/power_results.csv", 40)]
    [InlineData("Fig_21/all_results_TTFT.csv", 30)]
    [InlineData("Fig_22/all_results_TTFT_ITL.csv", 30)]
    [InlineData("Fig_3/A100_H100_quant_all_results.csv", 116)]
    [InlineData("Fig_5_b/TP_EP_PP_results.csv", 371)]
    [InlineData("Fig_18/SN40L_latency_throughput.csv", 40)]
    public void Every_row_of_the_real_bench_is_read_and_what_is_left_unmarked_is_possible(string file, int rows)
    {
        EndToEndMeasurement[] runs = Read(SharedData.Require($"realgpu/LLM-Inference-Bench/Plots/{file}"));
        Assert.Equal(rows, runs.Length);

        // 6 billion weights of two bytes and more at 4.9 TB/s (GH200, the fastest memory here but the SN40L's SRAM): 2.5 ms for a step.
        Assert.All(
            runs.Where(run => run.Caution is null && run.OutputTokens > 1 && run.WeightType is null && !run.Hardware.Contains("SN40L", StringComparison.Ordinal)),
            run => Assert.True(run.TotalSeconds / run.OutputTokens > 0.0024 / run.Devices, run.ToString()));
        output.WriteLine($"{file}: {runs.Count(run => run.Caution is not null)} of {rows} marked");
    }

    [Theory]
    [InlineData(Splitwise, "m,h,512,1,128,1,1,x,5,6,2", ":2: 'prompt_time' must be a number of milliseconds from 0")]
    [InlineData(Splitwise, "m,h,512,0,128,1,1,4,5,6,2", ":2: 'batch_size' must be a whole number from 1")]
    [InlineData("Hardware,Num of Hardware,Framework,Model,Input Output Length,Batch Size,kv_cache_dtype,latency", "g,1,f,m,1,1,fp8,2", ":2: 'kv_cache_dtype' must be as 'Weight = fp16, KV Cache = fp8'")]
    [InlineData("Hardware,Num of Hardware,Framework,Model,Input Output Length,Batch Size", "g,1,f,m,1,1", ":1: no column 'Latency' or 'TTFT Latency'")]
    [InlineData("Hardware,Num of Hardware,Framework,Model,Batch Size,Latency", "g,1,f,m,1,1", ":1: no column 'Input Length', 'Output Length'")]
    public void What_is_wrong_is_named_with_file_and_line(string header, string row, string expected)
    {
        string path = _tables.Write("wrong.csv", header, row);
        Assert.StartsWith(path + expected, Assert.Throws<PimSimUserException>(() => Read(path)).Message, StringComparison.Ordinal);
    }
}
