using System.Globalization;
using System.Text.Json;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Requests;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers;

public sealed class RequestTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("code")]
    [InlineData("conv")]
    public void A_real_azure_trace_gives_every_request_with_its_ticks(string which)
    {
        string path = SharedData.Require($"realgpu/traces-azure/AzureLLMInferenceTrace_{which}.csv");
        ImportedRequests imported = Assert.IsType<ImportedRequests>(TraceImport.Open(path));
        Assert.Equal(ImportFormat.Azure, imported.Format);
        string[][] rows = [.. File.ReadLines(path).Skip(1).Where(line => line.Length > 0).Select(line => line.Split(','))];
        long Ticks(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).Ticks;
        Request[] expected = [.. rows.Select(row => new Request(100 * (Ticks(row[0]) - Ticks(rows[0][0])), int.Parse(row[1], CultureInfo.InvariantCulture), int.Parse(row[2], CultureInfo.InvariantCulture)))];
        Assert.Equal(6000, expected.Length);
        Assert.Equal(expected, imported.Requests());
        Assert.Equal(expected, imported.Requests());
        output.WriteLine($"{which}: {expected.Length} requests over {expected[^1].ArrivalNanoseconds / 1e9} s, {expected.Sum(r => (long)r.InputTokens)} + {expected.Sum(r => (long)r.OutputTokens)} tokens");
    }

    [Theory]
    [InlineData("conversation", 3000)]
    [InlineData("synthetic", 2000)]
    public void A_real_mooncake_trace_gives_every_request_with_its_blocks(string which, int count)
    {
        string path = SharedData.Require($"realgpu/traces-mooncake/{which}_trace.jsonl");
        Request[] actual = [.. Assert.IsType<ImportedRequests>(TraceImport.Open(path)).Requests()];
        Assert.Equal(count, actual.Length);
        int i = 0;
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            Request expected = new(root.GetProperty("timestamp").GetInt64() * 1_000_000, root.GetProperty("input_length").GetInt32(), root.GetProperty("output_length").GetInt32())
            {
                PrefixBlocks = [.. root.GetProperty("hash_ids").EnumerateArray().Select(id => id.GetInt64())],
            };
            Assert.Equal(expected, actual[i++]);
            Assert.Equal((expected.InputTokens + 511) / 512, expected.PrefixBlocks.Length);
        }

        output.WriteLine($"{which}: {count} requests, {actual.Sum(r => r.PrefixBlocks.Length)} blocks");
    }

    [Fact]
    public void Burstgpt_is_read_in_both_of_its_layouts()
    {
        Request[] first = [.. Requests("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\r\n5,ChatGPT,472,18,490,Conversation log\r\n45,GPT-4,1087,0,1087,API log\r\n")];
        Assert.Equal([new Request(0, 472, 18) { Model = "ChatGPT" }, new Request(40_000_000_000, 1087, 0) { Model = "GPT-4" }], first);
        Request[] second = [.. Requests("Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n19440110.0,s1,43,GPT-4,906,446,1352,Conversation log\n28943983.25,,2,ChatGPT,36,29,65,API log\n")];
        Assert.Equal([new Request(0, 906, 446) { Model = "GPT-4", Session = "s1" }, new Request(9_503_873_250_000_000, 36, 29) { Model = "ChatGPT" }], second);
    }

    [Theory]
    [InlineData("2024-05-12 00:00:00.000001+00:00", "2024-05-12 00:00:00", "2024-05-12 00:00:00.000001")]
    [InlineData("2024-02-29T23:59:59Z", "2024-02-29 23:00:00-00:30", "2024-02-29 23:59:59")]
    [InlineData("2023-11-16 18:17:03.979960012", "2023-11-16 19:17:03+01:00", "2023-11-16 18:17:03.979960012")]
    public void Azure_times_may_have_offsets_and_up_to_nine_decimals(string later, string earlier, string utc)
    {
        string reference = earlier.Contains("00:30", StringComparison.Ordinal) ? "2024-02-29 23:30:00" : earlier.Contains('+', StringComparison.Ordinal) ? "2023-11-16 18:17:03" : earlier;
        long expected = Arrival(reference, utc);
        Assert.Equal(expected, Arrival(earlier, later));
        Assert.Equal(utc.EndsWith("012", StringComparison.Ordinal) ? 979_960_012 : expected, expected);
    }

    [Theory]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-02-29 18:17:03,1,1\n", ":2: 'TIMESTAMP' must be a time like")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,1,1\n2023-11-16 18:17:02.9,1,1\n", ":3: arrives before the request above it")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,-1,1\n", ":2: 'ContextTokens' must be a whole number from 0")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,9999999999,1\n", ":2: 'ContextTokens' must be a whole number from 0")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n", "holds no requests")]
    [InlineData("TIMESTAMP,ContextTokens\n", ":1: looks like azure, but there is no column 'GeneratedTokens'")]
    [InlineData("Timestamp,Model,Request tokens,Response tokens\nNaN,m,1,1\n", ":2: 'Timestamp' must be a number of seconds")]
    [InlineData("Timestamp,Model,Request tokens,Response tokens\n1e12,m,1,1\n", ":2: 'Timestamp' must be a number of seconds")]
    [InlineData("{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n{\"timestamp\": 0, \"input_length\": 1}\n", ":2: no 'output_length'")]
    [InlineData("{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1, \"input_length\": 2}\n", ":1: 'input_length' occurs more than once")]
    [InlineData("{\"timestamp\": 0, \"input_length\": 1.5, \"output_length\": 1}\n", ":1: 'input_length' must be a whole number from 0")]
    [InlineData("{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [1, \"x\"]}\n", ":1: 'hash_ids' must be a whole number")]
    [InlineData("{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n\n{\"timestamp\": 0, \"input_len", ":3: not valid JSON")]
    [InlineData("{\"timestamp\": 9, \"input_length\": 1, \"output_length\": 1}\n{\"timestamp\": 8, \"input_length\": 1, \"output_length\": 1}\n", ":2: arrives before")]
    [InlineData("{\"timestamp\": 9, \"input_length\": 1, \"output_length\": 1} {}\n", ":1: ")]
    public void A_malformed_trace_is_named_with_its_line(string text, string expected)
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => Requests(text).Count());
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    private long Arrival(string first, string second) =>
        Requests($"TIMESTAMP,ContextTokens,GeneratedTokens\n{first},1,1\n{second},1,1\n").Last().ArrivalNanoseconds;

    private IEnumerable<Request> Requests(string text) => Assert.IsType<ImportedRequests>(TraceImport.Open(_files.Write(text))).Requests();
}
