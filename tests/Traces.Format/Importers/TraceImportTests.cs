using System.Text;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers;

public sealed class TraceImportTests : IDisposable
{
    private readonly TemporaryFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Every_format_is_told_from_its_content_plain_or_compressed_with_a_mark_or_carriage_returns()
    {
        foreach ((ImportFormat format, byte[] content) in SampleFiles.All())
        {
            int count = SampleFiles.Consume(TraceImport.Open(_files.Write(content), format));
            byte[] returns = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(content).ReplaceLineEndings("\r\n"));
            foreach (string path in new[] { _files.Write(content), _files.WriteGzip(content), _files.Write([0xEF, 0xBB, 0xBF, .. content]), _files.Write(returns) })
            {
                ImportedTrace imported = TraceImport.Open(path);
                Assert.Equal(format, imported.Format);
                Assert.Equal(count, SampleFiles.Consume(imported));
                Assert.Contains(format.Name(), imported.Description, StringComparison.Ordinal);
            }
        }

        Assert.Equal(Enum.GetValues<ImportFormat>(), SampleFiles.All().Select(file => file.Format).Order());
    }

    [Fact]
    public void A_format_by_name_is_the_one_of_that_name()
    {
        Assert.All(Enum.GetValues<ImportFormat>(), format => Assert.Equal(format, ImportFormats.Parse(format.Name())));
        Assert.Contains("did you mean 'kineto'", Assert.Throws<PimSimUserException>(() => ImportFormats.Parse("kinetto")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a,b,c\n1,2,3\n", "is of no format that can be imported")]
    [InlineData("{\"a\": [1, {\"traceEvents\": 2}]}", "is JSON of no format that can be imported")]
    [InlineData("", "is empty")]
    [InlineData("\n\n", "is empty")]
    public void A_file_of_no_known_format_is_refused_with_what_was_found(string text, string expected)
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => TraceImport.Open(_files.Write(text)));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("realgpu/vidur/data/profiling/network/a100_dgx/all_reduce.csv")]
    [InlineData("realgpu/nsight-llm-perf-opt/dsocr_ncu_all_metrics_long.csv")]
    [InlineData("realgpu/LLMServingSim/bench/examples/RTXPRO6000/Llama-3.1-8B/vllm/meta.json")]
    [InlineData("realgpu/LLMServingSim/bench/examples/RTXPRO6000/Llama-3.1-8B/vllm/timeseries.csv")]
    public void Neighbouring_files_of_other_kinds_are_refused(string name)
    {
        string path = SharedData.Require(name);
        Assert.Contains("of no format that can be imported", Assert.Throws<PimSimUserException>(() => TraceImport.Open(path)).Message, StringComparison.Ordinal);
    }
}
