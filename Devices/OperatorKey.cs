using System.Runtime.CompilerServices;
using PimSim.Devices.Gpu;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices;

/// <summary>
/// The fields of an operator that its cost can depend on, packed: everything but its role, its phase (but for attention), and what an opaque operator was
/// called and took. One word of small fields and fourteen integers, in pairs:
/// <code>
///     kind | activation | norm | weights | activations | kv | mask | bias, collective, present
///     rows, context | inputs, outputs | sequences, heads | kv heads, head width | taps, stride | padding, group | nonzeros, experts or ranks
/// </code>
/// </summary>
internal readonly struct OperatorKey : IEquatable<OperatorKey>
{
    /// <summary>Tells a key from an empty place.</summary>
    private const ulong Present = 1UL << 63;

    // The one thing that a phase decides: which kernel attention over one token of each sequence runs in.
    private const ulong AmongPrompts = 1UL << 62;

    private readonly ulong _sort;
    private readonly ulong _rows;
    private readonly ulong _matrix;
    private readonly ulong _sequences;
    private readonly ulong _heads;
    private readonly ulong _taps;
    private readonly ulong _padding;
    private readonly ulong _nonzeros;

    /// <summary>Packs an operator.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public OperatorKey(in Operator op)
    {
        _sort = (ulong)op.Kind | ((ulong)op.Activation << 8) | ((ulong)op.Norm << 16) | ((ulong)op.WeightType << 24) | ((ulong)op.ActivationType << 32)
            | ((ulong)op.KvType << 40) | ((ulong)op.Mask << 48) | (op.Bias ? 1UL << 56 : 0)
            | ((ulong)op.Collective << 57) | (OperatorKernels.AmongPrompts(op) ? AmongPrompts : 0) | Present;
        _rows = Pair(op.Rows, op.Context);
        _matrix = Pair(op.Inputs, op.Outputs);
        _sequences = Pair(op.Sequences, op.Heads);
        _heads = Pair(op.KvHeads, op.HeadDim);
        _taps = Pair(op.Taps, op.Stride);
        _padding = Pair(op.Padding, op.Group);
        _nonzeros = Pair(op.Nonzeros, op.Experts + op.Ranks);
    }

    /// <summary>False for a place in a table where nothing was put.</summary>
    public bool IsPresent => _sort != 0;

    /// <summary>
    /// A multilinear hash: a sum of products with odd constants (the fractional digits of pi), whose upper half counts. The products
    /// do not wait for each other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash()
    {
        ulong sum = (_sort * 0x243F6A8885A308D3) + (_rows * 0x13198A2E03707345) + (_matrix * 0xA4093822299F31D1) + (_sequences * 0x082EFA98EC4E6C89)
            + (_heads * 0x452821E638D01377) + (_taps * 0xBE5466CF34E90C6D) + (_padding * 0xC0AC29B7C97C50DD) + (_nonzeros * 0x3F84D5B5B5470917);
        sum ^= sum >> 32;
        return (uint)((sum * 0x9216D5D98979FB1B) >> 32);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(OperatorKey other) => Matches(other);

    /// <summary>Compares all fields, without a copy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Matches(in OperatorKey other) =>
        ((_sort ^ other._sort) | (_rows ^ other._rows) | (_matrix ^ other._matrix) | (_sequences ^ other._sequences)
            | (_heads ^ other._heads) | (_taps ^ other._taps) | (_padding ^ other._padding) | (_nonzeros ^ other._nonzeros)) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is OperatorKey other && Matches(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Hash();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Pair(int low, int high) => (uint)low | ((ulong)(uint)high << 32);
}
