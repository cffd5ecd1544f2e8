using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Tests.Importers;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

public sealed class VidurMeasurementTests : IDisposable
{
    private readonly MeasuredTables _tables = new();

    public void Dispose() => _tables.Dispose();

    [Fact]
    public void Layers_are_those_of_the_importer_grouped_by_the_model_of_their_folder()
    {
        Dictionary<string, string> row = SampleFiles.VidurMlpRow();
        string path = _tables.Write("a100/meta-llama/Llama-2-7b-hf/mlp.csv", string.Join(',', row.Keys), string.Join(',', row.Values));
        Measurement[] read = MeasuredTables.Read(path);
        MeasuredOperator[] imported = [.. Assert.IsType<ImportedMeasurements>(TraceImport.Open(path)).Operators()];
        Assert.Equal(imported.Select(one => (one.Operator, (double)one.Nanoseconds, one.Name, one.Line)), read.Select(one => (one.Operators[0], one.Nanoseconds, one.Name, one.Line)));
        Assert.All(read, one => Assert.Equal("meta-llama/Llama-2-7b-hf", one.Group));
        Assert.Equal(
            [MeasurementClass.Embedding, MeasurementClass.Linear, MeasurementClass.Norm, MeasurementClass.Linear, MeasurementClass.Linear, MeasurementClass.Elementwise],
            read.Select(one => one.Class));
    }

    [Fact]
    public void The_real_attention_table_has_decode_and_prefill_rows()
    {
        Measurement[] read = MeasuredTables.Read(SharedData.Require("realgpu/vidur/data/profiling/a100/attention.csv"));
        Assert.Equal(14_658, read.Length);
        Assert.Equal(read.Length, read.Count(one => one.Class is MeasurementClass.DecodeAttention or MeasurementClass.PrefillAttention));
        Assert.All(read, one => Assert.Equal((32, 4, 128), (one.Operators[0].Heads, one.Operators[0].KvHeads, one.Operators[0].HeadDim)));
        Assert.All(read, one => Assert.Null(one.Caution));
    }

    [Fact]
    public void The_impossible_decode_times_of_the_older_H100_table_are_marked_and_the_others_are_not()
    {
        Measurement[] read = MeasuredTables.Read(SharedData.Require("realgpu/LLMServingSim/profiler/v0/perf_models/H100/meta-llama/Llama-3.1-70B/tp4/attention.csv"));
        Assert.Equal(10_802, read.Length);
        Assert.All(read, one => Assert.Equal(one.Class == MeasurementClass.DecodeAttention && one.Operators[0].Sequences > 1, one.Caution is not null));

        // The README's own evidence: more than the 3,350 GB/s of the card.
        Assert.Contains(read, one => one.Caution is not null && OperatorCost.Of(one.Operators[0]).KvReadBytes / one.Nanoseconds > 3350);
    }

    [Fact]
    public void A_time_of_0_is_marked()
    {
        string path = _tables.Write("zero.csv", "gemm_dtype,m,n,k,latency", "fp8,1,2,3,0", "fp8,1,2,3,1");
        Assert.Equal([true, false], MeasuredTables.Read(path).Select(one => one.Caution is not null));
    }
}
