using PimSim.Devices.Gpu;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Devices.Tests.Stacks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Gpu;

/// <summary>A cache that grows by copying it costs its whole length in every step.</summary>
public class ConcatenatedCacheTests
{
    [Theory]
    [InlineData("transformers-4.36")]
    [InlineData("transformers-4.36-flash")]
    public void Joining_a_token_costs_as_much_as_the_cache_is_long(string name)
    {
        GpuSpecification gpu = Replay.Sheet("h100-sxm");
        CatalogueFolder stacks = new("stack", [Path.Combine(AppContext.BaseDirectory, "Catalogue", "stacks")]);
        var stack = GpuStack.Read(Replay.Open("stacks", name), stacks);
        OperatorKernels copying = new(gpu, stack);
        OperatorKernels beside = new(gpu, stack with { ConcatenationWeight = 0 });
        Operator Append(int context, int rows) => new()
        {
            Kind = OperatorKind.KvAppend,
            Role = OperatorRole.KvAppend,
            Phase = Phase.Decode,
            Rows = rows * 64,
            Sequences = 64,
            KvHeads = 16,
            HeadDim = 64,
            Context = context,
            WeightType = DataType.Fp16,
            ActivationType = DataType.Fp16,
            KvType = DataType.Fp16,
        };

        Assert.Equal(beside.Time(Append(4000, 1)), beside.Time(Append(1000, 1)));
        KernelTime four = copying.Time(Append(4000, 1));
        KernelTime one = copying.Time(Append(1000, 1));

        // Read and written: 2 x 64 sequences x 3000 tokens more x keys and values of 16 heads x 64 numbers of 2 bytes; the same part stays in the cache of the GPU.
        Assert.Equal(2.0 * 64 * 3000 * 2 * 16 * 64 * 2, four.MemoryBytes - one.MemoryBytes, 1.0);
        Assert.True(four.Nanoseconds > four.MemoryBytes / gpu.Machine(DataType.Fp16).BytesPerNs);
        Assert.InRange(four.Nanoseconds / one.Nanoseconds, 3.7, 4.0);

        // The first step has nothing to join to.
        Assert.Equal(beside.Time(Append(1000, 1000)), copying.Time(Append(1000, 1000)));
    }
}
