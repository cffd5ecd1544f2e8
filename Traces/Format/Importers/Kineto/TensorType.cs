using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>What PyTorch calls the element type of an argument.</summary>
internal enum TensorType : byte
{
    /// <summary>Not recorded, a scalar, a list, or a type that no operator of ours computes in.</summary>
    Unknown,

    /// <summary>float.</summary>
    Float,

    /// <summary>c10::Half.</summary>
    Half,

    /// <summary>c10::BFloat16.</summary>
    BFloat16,

    /// <summary>long or int: ids and indices.</summary>
    Index,
}

/// <summary>Names of <see cref="TensorType"/> and their storage.</summary>
internal static class TensorTypes
{
    public static TensorType Parse(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("float"u8) ? TensorType.Float
        : name.SequenceEqual("c10::Half"u8) ? TensorType.Half
        : name.SequenceEqual("c10::BFloat16"u8) ? TensorType.BFloat16
        : name.SequenceEqual("long"u8) || name.SequenceEqual("long int"u8) || name.SequenceEqual("int"u8) ? TensorType.Index
        : TensorType.Unknown;

    /// <summary>Storage of a floating-point type; false for all others.</summary>
    public static bool TryData(this TensorType type, out DataType data)
    {
        data = type switch
        {
            TensorType.Half => DataType.Fp16,
            TensorType.BFloat16 => DataType.Bf16,
            _ => DataType.Fp32,
        };
        return type is TensorType.Float or TensorType.Half or TensorType.BFloat16;
    }
}
