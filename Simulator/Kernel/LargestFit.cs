namespace PimSim.Simulator.Kernel;

/// <summary>The largest number that still fits, where everything below one that fits does too.</summary>
public static class LargestFit
{
    /// <summary>The largest number from <paramref name="fits"/> on that is accepted, by bisection.</summary>
    /// <param name="fits">One that is known to fit.</param>
    /// <param name="tooMany">One that is taken not to.</param>
    /// <param name="accepts">Whether a number between them fits.</param>
    public static int Of(int fits, int tooMany, Func<int, bool> accepts)
    {
        ArgumentNullException.ThrowIfNull(accepts);
        while (tooMany - fits > 1)
        {
            int tried = fits + ((tooMany - fits) / 2);
            if (accepts(tried))
            {
                fits = tried;
            }
            else
            {
                tooMany = tried;
            }
        }

        return fits;
    }
}
