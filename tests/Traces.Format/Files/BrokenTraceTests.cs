using System.IO.Compression;
using System.Text;
using CsCheck;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Files;

/// <summary>Whatever stands in a file: it is read, or refused with one clear error that names it.</summary>
public sealed class BrokenTraceTests : IDisposable
{
    private const string Header = """{"pimsim_trace":2,"program":"p","technique":"t","backend":"b","machine":"","prompt_tokens":1,"generated_tokens":1,"seed":0,"model":"m","sequences":1,"reserved_context":1,"layers":1,"kv_width":1,"head_dim":1,"weight_type":"fp16","kv_type":"fp16","other_parameters":0,"matrices":[]}""";
    private const string Step0 = """{"step":0,"phase":"decode","committed_tokens":1,"blocks":[{"repeat":1,"operators":[{"kind":"add","role":"residual","phase":"decode","rows":1,"outputs":4,"weight_type":"fp16","activation_type":"fp16","kv_type":"fp16"}]}]}""";
    private const string End = """{"steps":1}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-trace-").FullName;

    public static TheoryData<string> Extensions => [.. TraceFile.Extensions];

    [Fact]
    public void The_unbroken_example_is_read() => Assert.Single(Read(Lines(Header, Step0, End)));

    [Theory]
    [InlineData(1, "", ":1: not valid JSON")]
    [InlineData(1, "[]", ":1: the line is a list; an object is needed")]
    [InlineData(1, "{}", ":1: this is not a PimSim trace: 'pimsim_trace' is missing")]
    [InlineData(1, "{\"pimsim_trace\":1}", ":1: this trace has format version 1, and this PimSim reads version 2")]
    [InlineData(2, "{\"step\":0", ":2: not valid JSON")]
    [InlineData(2, "{\"step\":0,\"step\":0}", ":2: not valid JSON")]
    [InlineData(2, "{\"steps\":0}", ":3: something follows the last line")]
    [InlineData(3, "{\"steps\":2}", ":3: the file has 1 steps and counts 2")]
    [InlineData(3, null, ":2: the file ends after 1 steps without the last line")]
    public void A_wrong_line_is_named(int line, string? text, string message)
    {
        string?[] lines = [Header, Step0, End];
        lines[line - 1] = text;
        Refused(Lines([.. lines.OfType<string>()]), message);
    }

    [Theory]
    [InlineData("\"step\":0", "\"step\":1", "step 1 stands where step 0 belongs")]
    [InlineData("\"phase\":\"decode\",\"c", "\"phase\":\"decod\",\"c", "'phase' is 'decod'; did you mean 'decode'?")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"ad\"", "'kind' is 'ad'; did you mean 'add'?")]
    [InlineData("\"kind\":\"add\",", "", "'kind' is missing")]
    [InlineData("\"rows\"", "\"row\"", "unknown key 'row'; did you mean 'rows'?")]
    [InlineData("\"rows\":1", "\"rows\":-1", "'rows' is -1; a whole number from 0 to 2147483647 is needed")]
    [InlineData("\"rows\":1", "\"rows\":1.5", "'rows' is 1.5")]
    [InlineData("\"rows\":1", "\"rows\":\"1\"", "'rows' is \"1\"")]
    [InlineData("\"rows\":1", "\"rows\":0", "an operator without rows")]
    [InlineData("\"rows\":1,\"outputs\":4", "\"rows\":2147483647,\"outputs\":2147483647", "beyond any machine")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"gather\",\"taps\":-1", "'taps' is -1")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"convolution\",\"inputs\":1,\"sequences\":1,\"taps\":2,\"stride\":1", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"convolution\",\"inputs\":1,\"sequences\":1,\"taps\":1", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"convolution\",\"inputs\":1,\"sequences\":1,\"taps\":1,\"stride\":1,\"padding\":1", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"depthwise_convolution\",\"inputs\":3,\"sequences\":1,\"taps\":1,\"stride\":1", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"token_fft\",\"inputs\":3,\"sequences\":2", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"top_k\",\"inputs\":3", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"quantise\",\"inputs\":6,\"group\":4", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"sparse_gemm\",\"inputs\":3,\"nonzeros\":13", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"grouped_gemm\",\"inputs\":3", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"grouped_gemm\",\"inputs\":3,\"experts\":2", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"collective\",\"ranks\":2", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"collective\",\"ranks\":1,\"collective\":\"all_reduce\"", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"collective\",\"ranks\":3,\"collective\":\"send_receive\"", "do not make such an operator")]
    [InlineData("\"kind\":\"add\"", "\"kind\":\"collective\",\"ranks\":2,\"collective\":\"all_reduc\"", "did you mean 'all_reduce'?")]
    [InlineData("\"repeat\":1", "\"repeat\":0", "repeated 0 times")]
    [InlineData("\"repeat\":1", "\"repeat\":2000000000", "more than 16777216 operators")]
    [InlineData("\"committed_tokens\":1", "\"committed_tokens\":-1", "'committed_tokens' is -1")]
    [InlineData("\"blocks\":[", "\"measured_ns\":[1,2],\"blocks\":[", "step 0 has 2 measured times for 1 executed operators")]
    [InlineData("\"outputs\":4", "\"outputs\":4,\"sources\":[1,0]", "sources 1 and 0 operators back, where 0 stand before")]
    [InlineData("\"outputs\":4", "\"outputs\":4,\"sources\":[0]", "'sources' are two distances")]
    [InlineData("\"outputs\":4", "\"outputs\":4,\"label\":\"x\"", "only opaque operators have")]
    [InlineData("\"outputs\":4", "\"outputs\":4,\"label\":\"\\ud800\"", "not valid Unicode")]
    [InlineData("\"outputs\":4", "\"outputs\":4,\"\\ud800\":1", "not valid")]
    public void A_wrong_step_is_named(string right, string wrong, string message)
    {
        Assert.Contains(right, Step0, StringComparison.Ordinal);
        Refused(Lines(Header, Step0.Replace(right, wrong, StringComparison.Ordinal), End), ":2: ", message);
    }

    [Theory]
    [InlineData("\"layers\":1", "\"layers\":2147483647", "beyond any machine")]
    [InlineData("\"kv_type\":\"fp16\"", "\"kv_type\":\"fp9\"", "'kv_type' is 'fp9'")]
    [InlineData("\"seed\":0", "\"sead\":0", "'seed' is missing")]
    public void A_wrong_header_is_named(string right, string wrong, string message)
    {
        // Caches beyond 64 bits need more than one large number.
        string header = Header.Replace("\"kv_width\":1", "\"kv_width\":2147483647", StringComparison.Ordinal);
        Refused(Lines(header.Replace(right, wrong, StringComparison.Ordinal), Step0, End), ":1: ", message);
    }

    [Fact]
    public void A_line_without_end_is_refused_before_it_fills_the_memory()
    {
        string path = Path.Combine(_folder, "bomb.jsonl.gz");
        using (GZipStream gzip = new(File.Create(path), CompressionLevel.Fastest))
        {
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 300; i++)
            {
                gzip.Write(zeros);
            }
        }

        Assert.Contains(":1: a line of more than 268435456 bytes", Fault(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0xFC)]
    [InlineData(0xF9)]
    public void A_footer_nested_a_million_deep_does_not_end_the_process(byte nesting)
    {
        // Thrift's compact protocol: each byte is the header of a field (a structure or a list) that holds the next.
        string path = Path.Combine(_folder, "deep.parquet");
        byte[] footer = [.. Enumerable.Repeat(nesting, 1_000_000)];
        File.WriteAllBytes(path, [.. "PAR1"u8, .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8]);
        Assert.StartsWith(path, Fault(path), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gzip_that_is_none_is_refused()
    {
        string path = Path.Combine(_folder, "plain.jsonl.gz");
        File.WriteAllText(path, Lines(Header, Step0, End));
        Assert.Contains("plain.jsonl.gz", Fault(path), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Extensions))]
    public void A_cut_file_is_refused(string extension)
    {
        byte[] whole = Valid(extension);

        // The last bytes of a gzip file are its checksum, behind a last line that already counted the steps; without its end a line is a line.
        int end = whole.Length - (extension switch { ".jsonl.gz" => 10, ".jsonl" => 1, _ => 0 });
        for (int length = 0; length < end; length += Math.Max(1, whole.Length / 200))
        {
            string path = Path.Combine(_folder, $"cut{extension}");
            File.WriteAllBytes(path, whole[..length]);
            Assert.StartsWith(path, Fault(path), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Extensions))]
    public void Damage_anywhere_is_an_error_or_another_trace(string extension)
    {
        byte[] whole = Valid(extension);
        string path = Path.Combine(_folder, $"damaged{extension}");
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 4].Sample(
            damages =>
            {
                byte[] damaged = [.. whole];
                foreach ((int at, byte value) in damages)
                {
                    damaged[at] = value;
                }

                File.WriteAllBytes(path, damaged);
                try
                {
                    foreach (Step step in TraceFile.Open(path).Steps())
                    {
                        step.Cost();
                    }
                }
                catch (PimSimUserException fault)
                {
                    Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
                }
            },
            iter: 2000,
            threads: 1);
    }

    /// <summary>A key of the metadata may stand without a value in a file that is otherwise in order.</summary>
    [Theory]
    [InlineData("pimsim.trace.header", "it has no metadata 'pimsim.trace.header'")]
    [InlineData("pimsim.trace.steps", "counts none (pimsim.trace.steps)")]
    public void Metadata_without_a_value_is_refused(string key, string message)
    {
        // In Thrift's compact form 0x18 begins the next field, the value; 0x28 the one after, which no reader knows.
        byte[] file = Valid(".parquet");
        int value = file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(key)) + key.Length;
        Assert.Equal(0x18, file[value]);
        file[value] = 0x28;
        string path = Path.Combine(_folder, "keyless.parquet");
        File.WriteAllBytes(path, file);
        Assert.Contains(message, Fault(path), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Lines(params string[] lines) => string.Join('\n', lines) + "\n";

    private byte[] Valid(string extension)
    {
        string path = Path.Combine(_folder, $"valid{extension}");
        Step[] steps = RandomTrace.Steps.Array[3].Generate(new PCG(1, 1), null, out _).SelectMany(part => part).Select((step, index) => step with { Index = index }).ToArray();
        Assert.NotEmpty(steps);
        TraceFile.Write(path, RandomTrace.Plain, steps, TestContext.Current.CancellationToken);
        return File.ReadAllBytes(path);
    }

    private List<Step> Read(string text)
    {
        string path = Path.Combine(_folder, "trace.jsonl");
        File.WriteAllText(path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return [.. TraceFile.Open(path).Steps()];
    }

    private void Refused(string text, params string[] messages)
    {
        string fault = Assert.Throws<PimSimUserException>(() => Read(text)).Message;
        Assert.StartsWith(Path.Combine(_folder, "trace.jsonl"), fault, StringComparison.Ordinal);
        Assert.All(messages, message => Assert.Contains(message, fault, StringComparison.Ordinal));
    }

    private static string Fault(string path) => Assert.Throws<PimSimUserException>(() => TraceFile.Open(path).Steps().Count()).Message;
}
