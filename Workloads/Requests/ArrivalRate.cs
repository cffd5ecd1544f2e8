using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Requests;

/// <summary>Checks of what arrivals are made from.</summary>
internal static class ArrivalRate
{
    public const double NanosecondsPerSecond = 1e9;

    /// <summary>One request per nanosecond, the unit of arrival.</summary>
    private const double Most = 1e9;

    // A hundred years between requests: less is a mistake, and far less would leave the range of times.
    private const double Least = 1.0 / (100 * 365.25 * 86_400);

    public static double Checked(double requestsPerSecond) => requestsPerSecond is >= Least and <= Most
        ? requestsPerSecond
        : throw new PimSimUserException($"a rate of {requestsPerSecond:R} requests per second; more than 0 (from {Least:E1}, one in a hundred years) up to {Most:E0} is possible");

    /// <summary>Adds gaps up to times, without losing what is less than a nanosecond.</summary>
    public static void Advance(ref long time, ref double fraction, double gapNanoseconds)
    {
        double gap = gapNanoseconds + fraction;
        long whole = Whole(gap);
        fraction = gap - whole;
        time = whole <= long.MaxValue - time ? time + whole : throw TooLate();
    }

    /// <summary>A time in whole nanoseconds.</summary>
    public static long Whole(double nanoseconds) => nanoseconds < long.MaxValue ? (long)Math.Floor(nanoseconds) : throw TooLate();

    private static PimSimUserException TooLate() =>
        new($"requests arrive later than {long.MaxValue} ns, the last time that PimSim counts; fewer requests or a higher rate are possible");
}
