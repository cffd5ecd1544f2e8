using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Cuda.Memory;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Cuda.KernelGeometry;

namespace PimSim.Traces.Cuda;

/// <summary>Decides grids and groups, and starts kernels in the device's default stream. Checks nothing.</summary>
internal sealed class KernelLauncher(CudaDevice device)
{
    // Above, tiles of a matrix product read each weight less often than vector products do; estimated, not measured on a GPU.
    private const int MaxVectorRows = 2 * GemvKernels.RowsAtOnce;

    // Fewer keys are not worth a warp and its part in the sum; estimated.
    private const int MinKeysPerSplit = 128;

    // Warps that a multiprocessor should have to hide the latency of its memory; estimated.
    private const int WarpsPerMultiprocessor = 16;

    private readonly AcceleratorStream _stream = device.Accelerator.DefaultStream;
    private readonly KernelGeometry _geometry = device.Geometry;
    private readonly KernelSet _kernels = device.Kernels;

    /// <summary>Splits of a context at most.</summary>
    public int MaxSplits(int tiles) => Math.Clamp(_geometry.Multiprocessors * WarpsPerMultiprocessor / tiles, 1, ushort.MaxValue);

    public void Linear(in CudaTensor input, DeviceMatrix matrix, ArrayView<float>? bias, in CudaTensor result)
    {
        LinearShape shape = new()
        {
            Rows = input.Rows,
            Inputs = matrix.Columns,
            Outputs = matrix.Rows,
            WeightStride = matrix.Stride,
            InputStride = input.Stride,
            ResultStride = result.Stride,
            HasScales = matrix.GroupSize > 0 ? 1 : 0,
            GroupSize = Math.Max(1, matrix.GroupSize),
            WholeChunks = matrix.WholeChunks,
            HasBias = bias is null ? 0 : 1,
        };
        ArrayView<float> added = bias ?? matrix.Scales;
        if (input.Rows > MaxVectorRows)
        {
            int side = _geometry.WideTile ? WideTile.Side : NarrowTile.Side;
            int tile = side * GemmKernel.PerThread;
            KernelConfig grid = new(new Index2D(Parts(matrix.Rows, tile), Parts(input.Rows, tile)), new Index2D(side * side, 1));
            _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<uint>, ArrayView<float>, ArrayView<float>, ArrayView<float>, LinearShape>>(
                KernelCatalogue.Gemm(matrix.Type, _geometry.WideTile))(_stream, grid, input.Values, matrix.Words, matrix.Scales, added, result.Values, shape);
            return;
        }

        bool one = input.Rows == 1;
        KernelConfig rows = new(new Index2D(Parts(matrix.Rows, _geometry.Warps), one ? 1 : Parts(input.Rows, GemvKernels.RowsAtOnce)), new Index2D(_geometry.Threads, 1));
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<Quad>, ArrayView<float>, ArrayView<Chunk>, ArrayView<uint>, ArrayView<float>, ArrayView<float>, ArrayView<float>, LinearShape>>(
            one ? KernelCatalogue.Gemv(matrix.Type) : KernelCatalogue.GemvRows(matrix.Type))(
            _stream, rows, Quads(input.Values), input.Values, matrix.Packed, matrix.Words, matrix.Scales, added, result.Values, shape);
    }

    public void Gather(ArrayView<int> numbers, DeviceMatrix table, in CudaTensor result)
    {
        LinearShape shape = new()
        {
            Rows = result.Rows,
            Inputs = table.Columns,
            Outputs = table.Rows,
            WeightStride = table.Stride,
            ResultStride = result.Stride,
            HasScales = table.GroupSize > 0 ? 1 : 0,
            GroupSize = Math.Max(1, table.GroupSize),
        };
        int count = checked(result.Rows * result.Columns);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<int>, ArrayView<uint>, ArrayView<float>, ArrayView<float>, int, LinearShape>>(
            KernelCatalogue.Gather(table.Type))(_stream, _geometry.Each(count), numbers, table.Words, table.Scales, result.Values, count, shape);
    }

    public void LayerNorm(in CudaTensor input, ArrayView<float> scale, ArrayView<float> shift, float epsilon, in CudaTensor result) =>
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, float, RowShape>>(
            KernelCatalogue.LayerNorm)(_stream, new KernelConfig(input.Rows, _geometry.Threads), input.Values, scale, shift, result.Values, epsilon, Rows(input, result));

    public void RmsNorm(in CudaTensor input, ArrayView<float> scale, float epsilon, in CudaTensor result) =>
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, float, RowShape>>(
            KernelCatalogue.RmsNorm)(_stream, new KernelConfig(input.Rows, _geometry.Threads), input.Values, scale, result.Values, epsilon, Rows(input, result));

    public void Activate(in CudaTensor input, ActivationKind kind, bool geluByTanh, in CudaTensor result)
    {
        int count = checked(result.Rows * result.Columns);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, int, RowShape>>(
            KernelCatalogue.Activation(kind, geluByTanh))(_stream, _geometry.Each(count), input.Values, result.Values, count, Rows(input, result));
    }

    public void Add(in CudaTensor left, in CudaTensor right, in CudaTensor result)
    {
        int count = checked(result.Rows * result.Columns);
        RowShape shape = Rows(left, result);
        shape.OtherStride = right.Stride;
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, RowShape>>(
            KernelCatalogue.Add)(_stream, _geometry.Each(count), left.Values, right.Values, result.Values, count, shape);
    }

    public void Rope(in CudaTensor qkv, ArrayView<float> table, int pairs, RopePairs order, AttentionShape shape)
    {
        int count = checked(qkv.Rows * (shape.Heads + shape.KvHeads) * pairs);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, int, int, int, AttentionShape>>(
            KernelCatalogue.Rope)(_stream, _geometry.Each(count), qkv.Values, table, count, pairs, order == RopePairs.Neighbours ? 1 : 0, shape);
    }

    public void Append<TStored>(in CudaTensor input, ArrayView<TStored> keys, ArrayView<TStored> values, DataType type, AttentionShape shape)
        where TStored : unmanaged
    {
        int count = checked(input.Rows * shape.KvHeads * shape.HeadDim);
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<TStored>, ArrayView<TStored>, int, AttentionShape>>(
            KernelCatalogue.Append(type))(_stream, _geometry.Each(count), input.Values, keys, values, count, shape);
    }

    /// <summary>Attention over all keys of a layer; <paramref name="scratch"/> gives room for partial sums where the context is split.</summary>
    public void Attend<TStored>(
        in CudaTensor queries, ArrayView<TStored> keys, ArrayView<TStored> values, DataType type, ArrayView<float>? bias, int sequences, AttentionShape shape, in CudaTensor result, ActivationPool scratch)
        where TStored : unmanaged
    {
        int groups = sequences * shape.KvHeads;
        int tiles = Parts(shape.NewTokens * (shape.Heads / shape.KvHeads), AttentionKernels.Rows);
        int warps = Math.Min(_geometry.AttentionWarps, tiles);
        int maxSplits = MaxSplits(groups * tiles);
        int splits = Math.Clamp(shape.Context / MinKeysPerSplit, 1, maxSplits);
        shape.KeysPerSplit = Parts(shape.Context, splits);
        shape.Splits = Parts(shape.Context, shape.KeysPerSplit);

        long tokenHeads = (long)queries.Rows * shape.Heads;
        ArrayView<float> partial = shape.Splits == 1 ? result.Values : scratch.Take(tokenHeads * maxSplits * (shape.HeadDim + 2));
        KernelConfig grid = new(
            new Index3D(groups, Parts(tiles, warps), shape.Splits),
            new Index3D(warps * _geometry.Lanes, 1, 1),
            SharedMemoryConfig.RequestDynamic<float>(warps * AttentionKernels.SharedValues(shape.HeadDim, _geometry.Lanes)));
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<TStored>, ArrayView<TStored>, ArrayView<float>, ArrayView<float>, ArrayView<float>, AttentionShape>>(
            KernelCatalogue.Attend(type))(_stream, grid, queries.Values, keys, values, bias ?? result.Values, result.Values, partial, shape);
        if (shape.Splits > 1)
        {
            int count = checked((int)(tokenHeads * shape.HeadDim));
            _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, int, AttentionShape>>(
                KernelCatalogue.Combine)(_stream, _geometry.Each(count), partial, result.Values, count, shape);
        }
    }

    public void ArgMax(in CudaTensor input, ArrayView<int> result)
    {
        RowShape shape = new() { Rows = input.Rows, Columns = input.Columns, InputStride = input.Stride };
        _kernels.Launcher<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, RowShape>>(
            KernelCatalogue.ArgMax)(_stream, new KernelConfig(input.Rows, _geometry.Threads), input.Values, result, shape);
    }

    private static RowShape Rows(in CudaTensor input, in CudaTensor result) => new()
    {
        Rows = result.Rows,
        Columns = result.Columns,
        InputStride = input.Stride,
        ResultStride = result.Stride,
    };

    private static ArrayView<Quad> Quads(ArrayView<float> values) =>
        new ArrayView1D<float, Stride1D.Dense>(values, values.Length, default).Cast<float, Quad>().BaseView;
}
