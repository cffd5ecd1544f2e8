using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

/// <summary>Whether measured operators, read as they are, would have beaten the card: shapes that were read wrongly would.</summary>
internal static class PlainSpeed
{
    // Smaller operators find their numbers in the cache.
    private const long BeyondCaches = 200_000_000;

    public static void Check(Measurement[] rows, double teraflops, double gigabytesPerSecond, ITestOutputHelper output)
    {
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.Equal(row.Operators.IsEmpty, row.Unmatched is not null));
        double fastest = 0, widest = 0;
        string fast = "", wide = "";
        foreach (Measurement row in rows.Where(row => row.Caution is null && row.Class != MeasurementClass.Collective))
        {
            OperatorCost cost = row.Operators.Aggregate(default(OperatorCost), (sum, op) => sum + OperatorCost.Of(op));
            double rate = cost.Flops / row.Nanoseconds / 1000;
            double bytes = cost.WeightBytes + cost.KvReadBytes;
            double width = bytes > BeyondCaches ? bytes / row.Nanoseconds : 0;
            (fastest, fast) = rate > fastest ? (rate, row.ToString()) : (fastest, fast);
            (widest, wide) = width > widest ? (width, row.ToString()) : (widest, wide);
        }

        output.WriteLine($"{rows.Length} rows ({rows.Count(row => row.Unmatched is not null)} without operators, {rows.Count(row => row.Caution is not null)} marked), up to {fastest:F0} TFLOP/s ({fast}) and {widest:F0} GB/s ({wide})");
        Assert.True(fastest <= teraflops, $"{fast}: {fastest} TFLOP/s");
        Assert.True(widest <= gigabytesPerSecond, $"{wide}: {widest} GB/s");
    }
}
