using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers.Kineto;

public sealed class KinetoFileTests(ITestOutputHelper output) : IDisposable
{
    private const string Kernel = """{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":40,"dur":1.5,"args":{"device":0,"stream":7,"correlation":7}}""";

    private readonly TemporaryFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("""{"traceEvents":[{"ph":"X","cat":"kernel","name":"k","ts":1,"dur":-1}]}""", "byte 65: 'dur' must be a number of microseconds, 0 or more")]
    [InlineData("""{"traceEvents":[{"ph":"X","cat":"kernel","name":"k","ts":1e30,"dur":1}]}""", "'ts' must be a number of microseconds")]
    [InlineData("""{"traceEvents":[{"ph":"X","cat":"kernel","name":"k","ts":"1","dur":1}]}""", "'ts' must be a number of microseconds")]
    [InlineData("""{"traceEvents":[{"ph":"X","cat":"kernel","name":"k","ts":NaN,"dur":1}]}""", "not valid JSON")]
    [InlineData("""{"traceEvents":[{"ph":"X","cat":"kernel","name":"k","ts":1}]}""", "byte 16: event 'k' has no 'dur'")]
    [InlineData("""{"traceEvents":[]}""", "holds no GPU activity")]
    [InlineData("""{"traceEvents":{}}""", "'traceEvents' must occur once and be a list")]
    [InlineData("""{"traceEvents":[],"traceEvents":[]}""", "'traceEvents' must occur once and be a list")]
    [InlineData("""{"schemaVersion":1}""", "has no 'traceEvents'")]
    [InlineData("""{"traceEvents":[1]}""", "an event must be an object, not '1'")]
    [InlineData("""{"traceEvents":[{"ph":"X","cat":"kernel","na""", "not valid JSON")]
    [InlineData("""{"traceEvents":[{"ph":"X","cat":"kernel","name":"\ud800","ts":1,"dur":1}]}""", "byte 48: a string that is not valid UTF-8, or half of a surrogate pair")]
    [InlineData("", "not valid JSON")]
    public void A_malformed_trace_is_one_error_with_its_place(string text, string expected)
    {
        string path = _files.Write(text);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => TraceImport.Open(path, ImportFormat.Kineto));
        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void The_place_is_right_beyond_the_first_buffer_too()
    {
        string filler = string.Concat(Enumerable.Range(0, 5000).Select(i => $"{{\"ph\":\"i\",\"name\":\"filler {i}\"}},\n"));
        string text = "{\"traceEvents\":[" + filler + "{\"ph\":\"X\",\"cat\":\"kernel\",\"ts\":true}]}";
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => TraceImport.Open(_files.Write(text)));
        Assert.Contains($"byte {text.IndexOf("true", StringComparison.Ordinal)}: 'ts' must be", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_longer_than_the_limit_is_refused_and_a_long_one_below_it_is_not()
    {
        string text = $"{{\"traceEvents\":[{Kernel}],\"INFO\":\"{new string('x', 300_000)}\"}}";
        string path = _files.Write(text);
        Assert.IsType<ImportedSteps>(TraceImport.Open(path));
        ImportOptions small = new() { Limits = new ImportLimits { MaximumRecordBytes = 200_000 } };
        Assert.Contains("one value is longer than 200000 bytes", Assert.Throws<PimSimUserException>(() => TraceImport.Open(path, options: small)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_phase_is_what_the_caller_says()
    {
        string path = _files.Write($"[{Kernel}]");
        Step step = Assert.Single(Assert.IsType<ImportedSteps>(TraceImport.Open(path, options: new ImportOptions { Phase = Phase.Decode })).Steps());
        Assert.Equal(Phase.Decode, step.Phase);
        Assert.Equal(Phase.Decode, step.Blocks[0].Operators[0].Phase);
        Assert.Equal([1500], step.MeasuredNanoseconds);
    }

    [Fact]
    public void Steps_of_several_processes_are_refused()
    {
        string Annotation(int process, int ts) => $$"""{"ph":"X","cat":"user_annotation","name":"ProfilerStep#1","pid":{{process}},"tid":1,"ts":{{ts}},"dur":5}""";
        string path = _files.Write($"[{Kernel},{Annotation(1, 1)},{Annotation(2, 3)}]");
        Assert.Contains("several processes", Assert.Throws<PimSimUserException>(() => TraceImport.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Streams_overlap_and_their_busy_times_add_up()
    {
        string On(int stream, int ts, int dur) => $$$"""{"ph":"X","cat":"kernel","name":"k{{{stream}}}","ts":{{{ts}}},"dur":{{{dur}}},"args":{"device":0,"stream":{{{stream}}},"correlation":{{{ts}}}}}""";
        ImportSummary summary = Assert.IsType<ImportedSteps>(TraceImport.Open(_files.Write($"[{On(1, 0, 10)},{On(2, 5, 10)},{On(1, 20, 1)}]"))).Summary;
        Assert.Equal(21_000, summary.BusyNanoseconds);
        Assert.Equal(16_000, summary.AnyStreamBusyNanoseconds);
        Assert.Equal([new StreamTime("device 0 stream 1", 2, 11_000), new StreamTime("device 0 stream 2", 1, 10_000)], summary.Streams);
    }

    [Fact]
    public void Memory_follows_the_events_that_matter_and_not_the_file()
    {
        // 32 MB of Python frames around 100 kernels; a DOM would take more than the file.
        using MemoryStream file = new();
        using (StreamWriter writer = new(file, leaveOpen: true))
        {
            writer.Write("{\"traceEvents\":[");
            for (int i = 0; i < 100_000; i++)
            {
                writer.Write($"{{\"ph\":\"X\",\"cat\":\"python_function\",\"name\":\"torch/nn/modules/module.py({i}): _call_impl, called from somewhere deep\",\"pid\":1,\"tid\":{i % 9},\"ts\":{i},\"dur\":{i}.125,\"args\":{{\"Python id\":{i},\"Python parent id\":null,\"Input Dims\":[[1,2,{i}],[]],\"Ev Idx\":{i},\"Call stack\":\"a;b;c;d;e;f;g;h\"}}}},\n");
                if (i % 1000 == 0)
                {
                    writer.Write(Kernel + ",\n");
                }
            }

            writer.Write(Kernel + "]}");
        }

        string path = _files.Write(file.ToArray());
        TraceImport.Open(_files.Write($"[{Kernel}]"));
        long before = GC.GetAllocatedBytesForCurrentThread();
        ImportedSteps imported = Assert.IsType<ImportedSteps>(TraceImport.Open(path));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{file.Length} bytes read, {allocated} bytes allocated");
        Assert.Equal(101, imported.Summary.Activities);
        Assert.True(file.Length > 25 << 20, $"{file.Length}");
        Assert.True(allocated < 1 << 20, $"{allocated} bytes allocated for {file.Length}");
    }
}
