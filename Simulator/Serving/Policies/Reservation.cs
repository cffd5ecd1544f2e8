using System.Numerics;

namespace PimSim.Simulator.Serving.Policies;

/// <summary>The sizes behind <see cref="KvReservation"/>.</summary>
internal static class Reservation
{
    public static long Tokens(KvReservation kind, long inputTokens, long mostTokens, long modelTokens) => kind switch
    {
        KvReservation.ModelLength => Math.Max(mostTokens, modelTokens),
        KvReservation.PowerOfTwo => inputTokens + (long)BitOperations.RoundUpToPowerOf2((ulong)(mostTokens - inputTokens)),
        KvReservation.Exact => mostTokens,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown reservation"),
    };
}
