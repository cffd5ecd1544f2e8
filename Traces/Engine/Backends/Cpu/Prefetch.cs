using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Asks for weights before they are needed. Four rows at once are four short streams, which the processor's own prefetcher takes for new ones
/// again and again; together they are one long stream, and this follows it.
/// </summary>
internal static class Prefetch
{
    private const int AheadBytes = 4096;
    private const int LineBytes = 64;

    /// <summary>Asks for as many bytes as four rows take at 16 columns, four rows and a page ahead of them in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Ahead<TDecoder>(ref byte weights, nuint rowBytes, nuint column)
        where TDecoder : struct, IWeightDecoder
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        // A hint to the processor: an address past the end, or of an array that has been moved, does no harm.
        byte* next = (byte*)Unsafe.AsPointer(ref weights) + ((column * (nuint)TDecoder.Bits / 2) + (4 * rowBytes) + AheadBytes);
        Sse.Prefetch0(next);
        if (TDecoder.Bits >= 16)
        {
            Sse.Prefetch0(next + LineBytes);
        }

        if (TDecoder.Bits >= 32)
        {
            Sse.Prefetch0(next + (2 * LineBytes));
            Sse.Prefetch0(next + (3 * LineBytes));
        }
    }
}
