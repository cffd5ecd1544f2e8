using System.Reflection;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Every kernel, with its type arguments. Nothing else can be loaded, so what a test compiles from <see cref="All"/> is all there is.</summary>
internal static class KernelCatalogue
{
    private static readonly DataType[] IntegerTypes = [DataType.Int8, DataType.Int4];

    private static readonly DataType[] WeightTypes = [DataType.Fp32, DataType.Fp16, DataType.Bf16, DataType.Int8, DataType.Int4];

    /// <summary>Storage of keys and values that the kernels know.</summary>
    public static IReadOnlyList<DataType> KvTypes { get; } = [DataType.Fp32, DataType.Fp16, DataType.Bf16];

    public static MethodInfo Combine { get; } = Method(typeof(AttentionKernels), nameof(AttentionKernels.Combine));

    public static MethodInfo Rope { get; } = Method(typeof(CacheKernels), nameof(CacheKernels.Rope));

    public static MethodInfo Add { get; } = Method(typeof(ElementwiseKernels), nameof(ElementwiseKernels.Add));

    public static MethodInfo LayerNorm { get; } = Method(typeof(RowKernels), nameof(RowKernels.LayerNorm));

    public static MethodInfo RmsNorm { get; } = Method(typeof(RowKernels), nameof(RowKernels.RmsNorm));

    public static MethodInfo ArgMax { get; } = Method(typeof(RowKernels), nameof(RowKernels.ArgMax));

    public static MethodInfo GatherRows { get; } = Method(typeof(RowCopyKernels), nameof(RowCopyKernels.GatherRows));

    public static MethodInfo ScatterRows { get; } = Method(typeof(RowCopyKernels), nameof(RowCopyKernels.ScatterRows));

    public static MethodInfo TopK { get; } = Method(typeof(TopKKernel), nameof(TopKKernel.TopK));

    public static MethodInfo Windows { get; } = Method(typeof(ConvolutionKernels), nameof(ConvolutionKernels.Windows));

    public static MethodInfo Depthwise { get; } = Method(typeof(ConvolutionKernels), nameof(ConvolutionKernels.Depthwise));

    public static MethodInfo FourierLoad { get; } = Method(typeof(FourierKernels), nameof(FourierKernels.FourierLoad));

    public static MethodInfo FourierPass { get; } = Method(typeof(FourierKernels), nameof(FourierKernels.FourierPass));

    public static MethodInfo FourierStore { get; } = Method(typeof(FourierKernels), nameof(FourierKernels.FourierStore));

    public static MethodInfo SparseProduct { get; } = Method(typeof(SparseKernel), nameof(SparseKernel.SparseProduct));

    /// <summary>All kernels in a fixed order. Stands last, as it is made of those above.</summary>
    public static IReadOnlyList<MethodInfo> All { get; } = [.. List()];

    public static MethodInfo Gemv(DataType type) => Method(typeof(GemvKernels), nameof(GemvKernels.Gemv), WeightFormat(type));

    public static MethodInfo GemvRows(DataType type) => Method(typeof(GemvKernels), nameof(GemvKernels.GemvRows), WeightFormat(type));

    public static MethodInfo Gemm(DataType type, bool wideTile) =>
        Method(typeof(GemmKernel), nameof(GemmKernel.Gemm), WeightFormat(type), wideTile ? typeof(WideTile) : typeof(NarrowTile));

    public static MethodInfo Gather(DataType type) => Method(typeof(ElementwiseKernels), nameof(ElementwiseKernels.Gather), WeightFormat(type));

    public static MethodInfo Attend(DataType type) => Method(typeof(AttentionKernels), nameof(AttentionKernels.Attend), KvFormat(type));

    public static MethodInfo Append(DataType type) => Method(typeof(CacheKernels), nameof(CacheKernels.Append), KvFormat(type));

    public static MethodInfo Scales(DataType type) => Method(typeof(QuantiseKernels), nameof(QuantiseKernels.Scales), WeightFormat(type));

    public static MethodInfo Pack(DataType type) => Method(typeof(QuantiseKernels), nameof(QuantiseKernels.Pack), WeightFormat(type));

    public static MethodInfo Unpack(DataType type) => Method(typeof(QuantiseKernels), nameof(QuantiseKernels.Unpack), WeightFormat(type));

    /// <summary>The kernel of a nonlinearity, gated or not.</summary>
    public static MethodInfo Activation(ActivationKind kind, bool geluByTanh) => kind switch
    {
        ActivationKind.Relu => Method(typeof(ElementwiseKernels), nameof(ElementwiseKernels.Map), typeof(Relu)),
        ActivationKind.Gelu => Method(typeof(ElementwiseKernels), nameof(ElementwiseKernels.Map), Gelu(geluByTanh)),
        ActivationKind.GeGlu => Method(typeof(ElementwiseKernels), nameof(ElementwiseKernels.Gate), Gelu(geluByTanh)),
        ActivationKind.SwiGlu => Method(typeof(ElementwiseKernels), nameof(ElementwiseKernels.Gate), typeof(Silu)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a nonlinearity"),
    };

    private static Type Gelu(bool byTanh) => byTanh ? typeof(GeluTanh) : typeof(GeluErf);

    private static Type WeightFormat(DataType type) => type switch
    {
        DataType.Fp32 => typeof(Fp32Weights),
        DataType.Fp16 => typeof(Fp16Weights),
        DataType.Bf16 => typeof(Bf16Weights),
        DataType.Int8 => typeof(Int8Weights),
        DataType.Int4 => typeof(Int4Weights),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a storage of weights"),
    };

    private static Type[] KvFormat(DataType type) => type switch
    {
        DataType.Fp32 => [typeof(float), typeof(Fp32Kv)],
        DataType.Fp16 => [typeof(ushort), typeof(Fp16Kv)],
        DataType.Bf16 => [typeof(ushort), typeof(Bf16Kv)],
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a storage of keys and values"),
    };

    private static MethodInfo Method(Type owner, string name, params Type[] arguments)
    {
        MethodInfo method = owner.GetMethod(name) ?? throw new ArgumentException($"{owner.Name} has no {name}", nameof(name));
        return arguments.Length == 0 ? method : method.MakeGenericMethod(arguments);
    }

    private static IEnumerable<MethodInfo> List()
    {
        foreach (DataType type in WeightTypes)
        {
            yield return Gemv(type);
            yield return GemvRows(type);
            yield return Gemm(type, wideTile: true);
            yield return Gemm(type, wideTile: false);
            yield return Gather(type);
        }

        foreach (DataType type in KvTypes)
        {
            yield return Attend(type);
            yield return Append(type);
        }

        foreach (DataType type in IntegerTypes)
        {
            yield return Scales(type);
            yield return Pack(type);
            yield return Unpack(type);
        }

        yield return Activation(ActivationKind.Relu, geluByTanh: false);
        yield return Activation(ActivationKind.SwiGlu, geluByTanh: false);
        yield return Activation(ActivationKind.Gelu, geluByTanh: false);
        yield return Activation(ActivationKind.Gelu, geluByTanh: true);
        yield return Activation(ActivationKind.GeGlu, geluByTanh: false);
        yield return Activation(ActivationKind.GeGlu, geluByTanh: true);

        yield return Combine;
        yield return Rope;
        yield return Add;
        yield return LayerNorm;
        yield return RmsNorm;
        yield return ArgMax;

        yield return GatherRows;
        yield return ScatterRows;
        yield return TopK;
        yield return Windows;
        yield return Depthwise;
        yield return FourierLoad;
        yield return FourierPass;
        yield return FourierStore;
        yield return SparseProduct;
    }
}
