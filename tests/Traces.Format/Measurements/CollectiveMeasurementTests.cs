using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

public sealed class CollectiveMeasurementTests(ITestOutputHelper output) : IDisposable
{
    private readonly MeasuredTables _tables = new();

    public void Dispose() => _tables.Dispose();

    [Fact]
    public void A_message_of_elements_and_a_message_of_bytes_are_the_same_operator()
    {
        string nccl = _tables.Write("n.csv", "op_name,nccl_dtype,num_gpus,message_size,latency", "all_reduce,half,8,1024,0.02", "alltoall,int8,4,1024,0.03");
        string vidur = _tables.Write("v.csv", "time_stats.all_reduce.median,rank,num_workers,size,collective,devices_per_node", "0.02,0,8,2048,all_reduce,4");
        Measurement[] elements = MeasuredTables.Read(nccl);
        Measurement bytes = Assert.Single(MeasuredTables.Read(vidur));
        Assert.Equal(elements[0].Operators[0], bytes.Operators[0]);
        Assert.Equal((20_000.0, 20_000.0, "all_reduce 8", "all_reduce 8, 4 per node"), (elements[0].Nanoseconds, bytes.Nanoseconds, elements[0].Group, bytes.Group));
        Assert.Equal((null, 4), (elements[0].RanksPerNode, bytes.RanksPerNode));
        string inside = _tables.Write("i.csv", "time_stats.all_reduce.median,rank,num_workers,size,collective,devices_per_node", "0.02,0,4,2048,all_reduce,4");
        Assert.Null(Assert.Single(MeasuredTables.Read(inside)).RanksPerNode);
        Assert.Equal((CollectiveKind.AllToAll, 4, DataType.Int8), (elements[1].Operators[0].Collective, elements[1].Operators[0].Ranks, elements[1].Operators[0].ActivationType));

        string custom = _tables.Write("c.csv", "kernel_source,allreduce_dtype,num_gpus,message_size,latency,backend", "a,bfloat16,2,128,0.005,vllm_graph", "b,bfloat16,2,128,0.02,vllm_eager");
        Assert.Equal([MeasuredSpan.Kernel, MeasuredSpan.Launch], MeasuredTables.Read(custom).Select(one => one.Span));
    }

    // NVLink 3 and 4: 300 and 450 GB/s in each direction. A message that was read wrongly (bytes for elements, one rank's part for the
    // whole) would be far above or never come near.
    [Theory]
    [InlineData("aiconfigurator/h100_sxm/comm/nccl/2.27.3/nccl_perf.csv", 450)]
    [InlineData("aiconfigurator/a100_sxm/comm/nccl/2.27.3/nccl_perf.csv", 300)]
    [InlineData("aiconfigurator/h100_sxm/comm/vllm/0.14.0/custom_allreduce_perf.csv", 450)]
    [InlineData("aiconfigurator/a100_sxm/comm/vllm/0.14.0/custom_allreduce_perf.csv", 300)]
    [InlineData("vidur/data/profiling/network/h100_dgx/all_reduce.csv", 450)]
    [InlineData("vidur/data/profiling/network/a100_dgx/all_reduce.csv", 300)]
    [InlineData("vidur/data/profiling/network/h100_dgx/send_recv.csv", 450)]
    public void Every_row_of_a_real_table_stays_below_the_link(string table, int gigabytesPerSecond)
    {
        string path = SharedData.Require($"realgpu/{table}");
        Measurement[] read = MeasuredTables.Read(path);
        Assert.Equal(MeasuredTables.Plain(path).Length, read.Length);
        foreach (IGrouping<CollectiveKind, Measurement> kind in read.Where(one => one.Caution is null).GroupBy(one => one.Operators[0].Collective))
        {
            double fastest = kind.Max(one => Bus(one.Operators[0]) / one.Nanoseconds);
            output.WriteLine($"{kind.Key}: up to {fastest:F0} GB/s");
            Assert.InRange(fastest, 0.5 * gigabytesPerSecond, gigabytesPerSecond);
        }
    }

    [Fact]
    public void The_copied_table_is_marked()
    {
        Measurement[] read = MeasuredTables.Read(SharedData.Require("realgpu/vidur/data/profiling/network/h100_pairwise_nvlink/send_recv.csv"));
        Assert.All(read, one => Assert.Contains("copy of the A100 table", one.Caution!, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("time_stats.all_reduce.median,num_workers,size,collective,devices_per_node", "1,2,3,all_reduce,1", ":2: 'size' must be a whole number of fp16 numbers, not 3 bytes")]
    [InlineData("time_stats.all_reduce.median,num_workers,size,collective,devices_per_node", "1,2,4,send_recv,1", ":2: no column 'time_stats.send_recv.median'")]
    [InlineData("op_name,nccl_dtype,num_gpus,message_size,latency", "broadcast,half,2,4,1", ":2: 'op_name' must be all_reduce")]
    [InlineData("op_name,nccl_dtype,num_gpus,message_size,latency", "all_reduce,half,1,4,1", ":2: 'num_gpus' must be a whole number from 2")]
    public void What_is_wrong_is_named_with_file_and_line(string header, string row, string expected)
    {
        string path = _tables.Write("wrong.csv", header, row);
        Assert.StartsWith(path + expected, Assert.Throws<PimSimUserException>(() => MeasuredTables.Read(path)).Message, StringComparison.Ordinal);
    }

    /// <summary>Bytes over the link of one rank, as NCCL's tests define bus bandwidth.</summary>
    private static double Bus(Operator op)
    {
        double bytes = op.ActivationType.Bytes((long)op.Rows * op.Outputs);
        return op.Collective switch
        {
            CollectiveKind.SendReceive => bytes,
            CollectiveKind.AllReduce => 2 * bytes * (op.Ranks - 1) / op.Ranks,
            _ => bytes * (op.Ranks - 1) / op.Ranks,
        };
    }
}
