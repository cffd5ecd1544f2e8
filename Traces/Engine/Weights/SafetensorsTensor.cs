using System.Collections.Immutable;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Weights;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="File">The file.</param>
/// <param name="Name">Its name there.</param>
/// <param name="TypeName">Storage as the file names it: <c>F32</c>, <c>F16</c>, <c>BF16</c>, or one that weights cannot have.</param>
/// <param name="Dimensions">Its shape, the last dimension being contiguous.</param>
/// <param name="Offset">First byte, counted from the beginning of the file.</param>
/// <param name="Length">Bytes.</param>
public sealed record SafetensorsTensor(SafetensorsFile File, string Name, string TypeName, ImmutableArray<long> Dimensions, long Offset, long Length)
{
    /// <summary>The types that weights may have, as safetensors name them.</summary>
    public static readonly ImmutableArray<string> WeightTypes = ["F32", "F16", "BF16"];

    /// <summary>Storage; null for a type that weights cannot have.</summary>
    public DataType? Type => TypeName switch
    {
        "F32" => DataType.Fp32,
        "F16" => DataType.Fp16,
        "BF16" => DataType.Bf16,
        _ => null,
    };
}
