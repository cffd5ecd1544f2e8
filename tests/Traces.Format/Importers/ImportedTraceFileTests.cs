using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers;

/// <summary>What is imported can be written as a trace file and read back unchanged.</summary>
public sealed class ImportedTraceFileTests : IDisposable
{
    private readonly TemporaryFiles _files = new();

    public static TheoryData<string> RealFiles =>
    [
        "kineto-hta/amd_trace/mi250_minitoy_train_ROCm6_2_kineto.json.gz",
        "kineto-hta/timeline_analysis/sampled_rank-0.json.gz",
        "kineto-hta/critical_path/alexnet/benchmark_result_2869224_1695835535_trace.json.gz",
        "kineto-hta/nccl_parser_config/nccl_data.json.gz",
        "nsight-llm-perf-opt/dsocr_decode_summary_cuda_gpu_kern_sum.csv",
        "vidur/data/profiling/compute/a100/meta-llama/Llama-2-7b-hf/mlp.csv",
        "vidur/data/profiling/a100/attention.csv",
    ];

    public void Dispose() => _files.Dispose();

    [Theory]
    [MemberData(nameof(RealFiles))]
    public void Real_files_survive_the_round_trip(string name) => RoundTrip(TraceImport.Open(SharedData.Require($"realgpu/{name}")));

    [Fact]
    public void Every_format_survives_the_round_trip()
    {
        foreach ((ImportFormat format, byte[] content) in SampleFiles.All())
        {
            RoundTrip(TraceImport.Open(_files.Write(content), format));
        }
    }

    [Fact]
    public void A_name_longer_than_a_trace_file_allows_is_cut_and_not_through_a_character()
    {
        string name = string.Concat(Enumerable.Repeat("\U0001F600", 3000));
        ImportedTrace imported = TraceImport.Open(_files.Write($"Total Time (ns),Instances,Name\n10,1,{name}\n"));
        string label = Assert.IsType<ImportedSteps>(imported).Steps().Single().Blocks[0].Operators[0].Label!;
        Assert.EndsWith("...", label, StringComparison.Ordinal);
        Assert.StartsWith(label[..^3], name, StringComparison.Ordinal);
        Assert.Equal(4095, label.Length);
    }

    [Fact]
    public void More_instances_than_a_step_holds_are_several_steps()
    {
        ImportedSteps imported = Assert.IsType<ImportedSteps>(TraceImport.Open(_files.Write("Total Time (ns),Instances,Name\n1000000007,40000000,k\n5,5,m\n")));
        Assert.Equal(3, imported.Steps().Count());
        Assert.Equal(40_000_005, imported.Steps().Sum(step => step.Count));
        Assert.Equal(1_000_000_012, imported.Steps().Sum(step => step.Blocks.Sum(block => block.Repeat * block.Operators[0].OpaqueNanoseconds)));
        RoundTrip(imported);
    }

    private void RoundTrip(ImportedTrace imported)
    {
        if (imported is not IStepSource source)
        {
            return;
        }

        foreach (string extension in TraceFile.Extensions)
        {
            string path = _files.Write("") + extension;
            TraceFile.Write(path, SampleFiles.Header(source), source.Steps());
            Assert.Equal(source.Steps(), TraceFile.Open(path).Steps());
        }
    }
}
