namespace PimSim.Traces.Format.Operators;

/// <summary>How a number is stored.</summary>
public enum DataType : byte
{
    /// <summary>IEEE single precision.</summary>
    Fp32,

    /// <summary>IEEE half precision.</summary>
    Fp16,

    /// <summary>Brain float: 8 exponent, 7 fraction bits.</summary>
    Bf16,

    /// <summary>8-bit integer.</summary>
    Int8,

    /// <summary>4-bit integer, two in a byte.</summary>
    Int4,

    /// <summary>8-bit float E4M3 (OCP OFP8): 4 exponent, 3 fraction bits. Storage only: what computes in it says so itself.</summary>
    Fp8,

    /// <summary>2-bit integer, four in a byte. Storage only.</summary>
    Int2,
}

/// <summary>Sizes and names of data types.</summary>
public static class DataTypes
{
    /// <summary>Names as written in files.</summary>
    public static readonly IReadOnlyList<string> Names = ["fp32", "fp16", "bf16", "int8", "int4", "fp8", "int2"];

    /// <summary>Width in bits.</summary>
    public static int Bits(this DataType type) => type switch
    {
        DataType.Fp32 => 32,
        DataType.Fp16 or DataType.Bf16 => 16,
        DataType.Int8 or DataType.Fp8 => 8,
        DataType.Int4 => 4,
        DataType.Int2 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Bytes of <paramref name="count"/> packed elements, rounded up.</summary>
    public static long Bytes(this DataType type, long count) => ((count * type.Bits()) + 7) / 8;

    /// <summary>The type of a name in <see cref="Names"/>.</summary>
    public static DataType Parse(string name) => (DataType)Enumerable.Range(0, Names.Count).First(index => Names[index] == name);
}
