using System.Globalization;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers;

public sealed class NsightTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("dsocr_decode_summary_cuda_gpu_kern_sum.csv", 46)]
    [InlineData("dsocr_prefill_summary_cuda_gpu_kern_sum.csv", 97)]
    public void A_real_kernel_summary_keeps_every_kernel_every_instance_and_every_nanosecond(string name, int kernels)
    {
        string path = SharedData.Require($"realgpu/nsight-llm-perf-opt/{name}");
        ImportedSteps imported = Assert.IsType<ImportedSteps>(TraceImport.Open(path));
        output.WriteLine($"{name}: {imported.Description}");
        Assert.Equal(ImportFormat.NsightKernelSummary, imported.Format);

        // The second and third field of each line hold no commas; the name comes last.
        (long Total, long Instances)[] rows = [.. File.ReadLines(path).Skip(1).Select(line => line.Split(',')).Select(f => (long.Parse(f[1], CultureInfo.InvariantCulture), long.Parse(f[2], CultureInfo.InvariantCulture)))];
        Assert.Equal(kernels, rows.Length);
        Step step = Assert.Single(imported.Steps());
        Assert.Equal(rows.Sum(row => row.Instances), step.Blocks.Sum(block => block.Count));
        Assert.Equal(rows.Sum(row => row.Total), step.Blocks.Sum(block => block.Repeat * block.Operators.Sum(op => op.OpaqueNanoseconds)));
        Assert.Equal(kernels, step.Blocks.SelectMany(block => block.Operators).Select(op => op.Label).Distinct().Count());
        Assert.Equal(rows.Sum(row => row.Total), imported.Summary.BusyNanoseconds);
        Assert.Equal(rows.Sum(row => row.Instances), imported.Summary.OpaqueActivities);
    }

    [Fact]
    public void A_total_that_its_instances_do_not_divide_stays_exact()
    {
        string path = _files.Write("\uFEFFTime (%),Total Time (ns),Instances,Avg (ns),Name\r\n100.0,17,5,3.4,\"void k<1, 2>(\"\"a\"\")\"\r\n");
        Step step = Assert.Single(Assert.IsType<ImportedSteps>(TraceImport.Open(path)).Steps());
        Assert.Equal([(2, 4L), (3, 3L)], step.Blocks.Select(block => (block.Repeat, block.Operators[0].OpaqueNanoseconds)));
        Assert.All(step.Blocks, block => Assert.Equal("void k<1, 2>(\"a\")", block.Operators[0].Label));
    }

    [Fact]
    public void A_gpu_trace_is_put_in_order_of_time()
    {
        string path = _files.Write("""
            Start (ns),Duration (ns),CorrId,GrdX,GrdY,GrdZ,BlkX,BlkY,BlkZ,Reg/Trd,StcSMem (MB),DymSMem (MB),Bytes (MB),Throughput (MB/s),SrcMemKd,DstMemKd,Device,Ctx,GreenCtx,Strm,Name
            2000,50,2,1,1,1,32,1,1,16,0.000,0.000,,,,,GPU (0),1,,7,"k<a, b>"
            1000,30,1,,,,,,,,,,4.194,6337.593,Pinned,Device,GPU (0),1,,13,[CUDA memcpy Host-to-Device]
            1010,5,3,1,1,1,32,1,1,16,0.000,0.000,,,,,GPU (0),1,,7,"k<a, b>"
            """);
        ImportedSteps imported = Assert.IsType<ImportedSteps>(TraceImport.Open(path));
        Step step = Assert.Single(imported.Steps());
        Assert.Equal(ImportFormat.NsightGpuTrace, imported.Format);
        Assert.Equal(["[CUDA memcpy Host-to-Device]", "k<a, b>", "k<a, b>"], step.Blocks[0].Operators.Select(op => op.Label));
        Assert.Equal([30, 5, 50], step.MeasuredNanoseconds);
        Assert.Equal((85L, 80L), (imported.Summary.BusyNanoseconds, imported.Summary.AnyStreamBusyNanoseconds));
        Assert.Equal([new StreamTime("device GPU (0) stream 13", 1, 30), new StreamTime("device GPU (0) stream 7", 2, 55)], imported.Summary.Streams);
    }

    [Theory]
    [InlineData("Total Time (ns),Instances\n1,1\n", ":1: no column 'Name'")]
    [InlineData("Total Time (ns),Instances,Name,Name\n1,1,k,k\n", ":1: column 'Name' occurs more than once")]
    [InlineData("Total Time (ns),Instances,Name\n1,0,k\n", ":2: 'Instances' must be a whole number from 1")]
    [InlineData("Total Time (ns),Instances,Name\n\n1,2.5,k\n", ":3: 'Instances' must be a whole number from 1")]
    [InlineData("Total Time (ns),Instances,Name\nNaN,1,k\n", ":2: 'Total Time (ns)' must be a number of nanoseconds")]
    [InlineData("Total Time (ns),Instances,Name\n-5,1,k\n", ":2: 'Total Time (ns)' must be a number of nanoseconds")]
    [InlineData("Total Time (ns),Instances,Name\n9000000000000000000,2000000000,k\n9000000000000000000,2000000000,k\n", ":3: the total times add up")]
    [InlineData("Total Time (ns),Instances,Name\n100000000000001,1,k\n", ":2: an instance takes 100000000000001 ns; 100000000000000 is the most")]
    [InlineData("Total Time (ns),Instances,Name\n1,1\n", ":2: 2 fields, but the header names 3")]
    [InlineData("Total Time (ns),Instances,Name\n", "holds no kernels")]
    public void A_malformed_summary_is_named_with_its_line(string text, string expected)
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => TraceImport.Open(_files.Write(text), ImportFormat.NsightKernelSummary));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }
}
