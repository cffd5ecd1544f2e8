using PimSim.Traces.Format.Requests;

namespace PimSim.Experiments.Serving;

/// <summary>How a real system fared with the same requests.</summary>
/// <param name="Requests">How many it served.</param>
/// <param name="MeanTimeToFirstTokenSeconds">Mean time from a request to its first token.</param>
/// <param name="P99TimeToFirstTokenSeconds">Its 99th percentile, by nearest rank.</param>
/// <param name="MeanTimePerOutputTokenSeconds">Mean over requests of the time per token after the first; null where no request has two tokens.</param>
/// <param name="MakespanSeconds">From the first request to the last token.</param>
public sealed record MeasuredService(
    int Requests, double MeanTimeToFirstTokenSeconds, double P99TimeToFirstTokenSeconds, double? MeanTimePerOutputTokenSeconds, double MakespanSeconds)
{
    private const double SecondsPerNanosecond = 1e-9;

    /// <summary>Sums up a record; null if it has no requests.</summary>
    public static MeasuredService? Of(IReadOnlyList<MeasuredRequest>? requests)
    {
        if (requests is null or { Count: 0 })
        {
            return null;
        }

        long[] first = [.. requests.Select(request => request.TimeToFirstTokenNanoseconds).Order()];
        double[] perToken =
        [
            .. from request in requests
               where request.OutputTokens > 1
               select (double)(request.LatencyNanoseconds - request.TimeToFirstTokenNanoseconds) / (request.OutputTokens - 1),
        ];
        long start = requests.Min(request => request.StartNanoseconds ?? 0);
        long end = requests.Max(request => (request.StartNanoseconds ?? 0) + request.LatencyNanoseconds);
        return new MeasuredService(
            requests.Count,
            first.Average() * SecondsPerNanosecond,
            first[(int)Math.Ceiling(0.99 * first.Length) - 1] * SecondsPerNanosecond,
            perToken.Length == 0 ? null : perToken.Average() * SecondsPerNanosecond,
            (end - start) * SecondsPerNanosecond);
    }
}
