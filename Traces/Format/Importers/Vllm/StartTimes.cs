using System.Collections.Immutable;
using PimSim.Traces.Format.Requests;

namespace PimSim.Traces.Format.Importers.Vllm;

/// <summary>Absolute start times to times since the earliest.</summary>
internal static class StartTimes
{
    public static ImmutableArray<MeasuredRequest> FromEarliest(IReadOnlyList<MeasuredRequest> requests)
    {
        long earliest = requests.Min(request => request.StartNanoseconds ?? 0);
        return [.. requests.Select(request => request with { StartNanoseconds = request.StartNanoseconds - earliest })];
    }
}
