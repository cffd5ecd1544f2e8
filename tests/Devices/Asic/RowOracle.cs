namespace PimSim.Devices.Tests.Asic;

/// <summary>Row functions by their definitions, in double precision.</summary>
internal static class RowOracle
{
    public static double[] Softmax(float[] x)
    {
        double maximum = x.Max();
        double[] exponentials = [.. x.Select(value => Math.Exp(value - maximum))];
        double sum = exponentials.Sum();
        return [.. exponentials.Select(value => value / sum)];
    }

    public static double[] LayerNorm(float[] x, float[] gamma, float[] beta, double epsilon)
    {
        double mean = x.Average(value => (double)value);
        double variance = x.Average(value => (value - mean) * (value - mean));
        return [.. x.Select((value, i) => ((value - mean) / Math.Sqrt(variance + epsilon) * gamma[i]) + beta[i])];
    }

    public static double[] RmsNorm(float[] x, float[] gamma, double epsilon)
    {
        double meanSquare = x.Average(value => (double)value * value);
        return [.. x.Select((value, i) => value / Math.Sqrt(meanSquare + epsilon) * gamma[i])];
    }
}
