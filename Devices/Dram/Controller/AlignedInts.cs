using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// Integers that begin at a cache line. A vector of sixteen then lies in one line; across two, every access would be two, and
/// what was just stored could not be forwarded to the next load.
/// </summary>
internal sealed class AlignedInts
{
    private const int LineBytes = 64;

    // Pinned, so that it stays aligned.
    private readonly int[] _array;
    private readonly int _first;

    /// <summary>So many integers, all zero.</summary>
    public AlignedInts(int length)
    {
        _array = GC.AllocateArray<int>(length + (LineBytes / sizeof(int)), pinned: true);
        nint misaligned = Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0) % LineBytes;
        _first = (int)((LineBytes - misaligned) % LineBytes) / sizeof(int);
        Length = length;
    }

    /// <summary>Number of integers.</summary>
    public int Length { get; }

    /// <summary>The first integer. What is reached from it is not checked against the length.</summary>
    public ref int Start
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_array), _first);
    }

    /// <summary>All of them.</summary>
    public Span<int> Span => _array.AsSpan(_first, Length);
}
