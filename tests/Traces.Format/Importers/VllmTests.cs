using System.Globalization;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Requests;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers;

public sealed class VllmTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("Llama-3.1-8B")]
    [InlineData("Qwen3-30B-A3B-Instruct-2507")]
    public void Real_request_times_reproduce_the_averages_that_were_published_with_them(string model)
    {
        string folder = $"realgpu/LLMServingSim/bench/examples/RTXPRO6000/{model}";
        ImportedBenchmark imported = Assert.IsType<ImportedBenchmark>(TraceImport.Open(SharedData.Require($"{folder}/vllm/requests.jsonl")));
        Assert.Equal(300, imported.Requests.Length);
        Assert.Equal(0, imported.Requests[0].StartNanoseconds);
        Dictionary<string, double> published = File.ReadLines(SharedData.Require($"{folder}/validation/summary.txt"))
            .Where(line => line.Contains(" Mean ", StringComparison.Ordinal))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => double.Parse(words[2], CultureInfo.InvariantCulture));
        double ttft = imported.Requests.Average(r => r.TimeToFirstTokenNanoseconds / 1e6);
        double tpot = imported.Requests.Average(r => (r.LatencyNanoseconds - r.TimeToFirstTokenNanoseconds) / 1e6 / (r.OutputTokens - 1));
        double latency = imported.Requests.Average(r => r.LatencyNanoseconds / 1e6);
        output.WriteLine($"{model}: TTFT {ttft:F1} ({published["TTFT"]}), TPOT {tpot:F1} ({published["TPOT"]}), latency {latency:F1} ms ({published["Latency"]} published)");
        Assert.Equal(published["TTFT"], ttft, 0.051);
        Assert.Equal(published["TPOT"], tpot, 0.051);
        Assert.Equal(published["Latency"], latency, 0.051);
    }

    [Fact]
    public void A_detailed_result_gives_one_record_for_each_request()
    {
        byte[] content = SampleFiles.All().Single(file => file.Format == ImportFormat.VllmBenchmark).Content;
        ImportedBenchmark imported = Assert.IsType<ImportedBenchmark>(TraceImport.Open(_files.WriteGzip(content)));
        Assert.Equal("m", imported.Model);
        MeasuredRequest first = imported.Requests[0];
        Assert.Equal((0, 5, 3, 31_234_568L, 53_734_568L), (first.Index, first.InputTokens, first.OutputTokens, first.TimeToFirstTokenNanoseconds, first.LatencyNanoseconds));
        Assert.Equal([10_000_000, 12_500_000], first.InterTokenNanoseconds);
        Assert.Equal((250_000_000L, null), (first.StartNanoseconds!.Value, first.Error));
        Assert.Equal((0L, "boom é"), (imported.Requests[1].StartNanoseconds!.Value, imported.Requests[1].Error));
    }

    [Theory]
    [InlineData("""{"request_throughput": 5.0, "mean_ttft_ms": 3}""", "benchmark with --save-detailed")]
    [InlineData("""{"input_lens": [1], "output_lens": [1], "ttfts": [0.1]}""", "no 'itls'")]
    [InlineData("""{"input_lens": [1], "output_lens": [1, 2], "ttfts": [0.1], "itls": [[]]}""", "'output_lens' has 2 entries, 'input_lens' has 1")]
    [InlineData("""{"input_lens": [1], "output_lens": [1], "ttfts": [-0.1], "itls": [[]]}""", "byte 50: 'ttfts' must be a number, 0 or more")]
    [InlineData("""{"input_lens": [1], "output_lens": [1], "ttfts": [NaN], "itls": [[]]}""", "not valid JSON")]
    [InlineData("""{"input_lens": [1], "output_lens": [1], "ttfts": [0.1], "itls": [5]}""", "'itls' must be a list, not '5'")]
    [InlineData("""{"input_lens": [], "output_lens": [], "ttfts": [], "itls": []}""", "holds no requests")]
    [InlineData("""{"input_lens": [1], "input_lens": [1]}""", "'input_lens' occurs more than once")]
    [InlineData("""{"queued_ts": 2, "scheduled_ts": 1, "first_token_ts": 3, "last_token_ts": 4, "arrival_time": 0, "input_toks": 1, "output_toks": 1}""", ":1: queued_ts, scheduled_ts, first_token_ts and last_token_ts must not decrease")]
    public void A_malformed_result_is_named_with_its_place(string text, string expected)
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => TraceImport.Open(_files.Write(text)));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }
}
