using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Requests;

/// <summary>Least and most tokens of a distribution.</summary>
internal static class TokenRange
{
    public static void Check(int least, int most)
    {
        if (least < 1 || most < least)
        {
            throw new PimSimUserException($"lengths from {least} to {most} tokens; 1 <= least <= most is needed");
        }
    }
}
