namespace PimSim.Workloads.Batches;

/// <summary>Into how many equal shares a number can be cut.</summary>
public static class EqualShares
{
    /// <summary>
    /// The largest divisor of <paramref name="number"/> that is at most <paramref name="most"/>. Shares and their size are looked for from both ends up
    /// to the square root: whichever of the two is the smaller is there.
    /// </summary>
    /// <param name="number">What is cut, from 1 on.</param>
    /// <param name="most">The most shares, from 1 on.</param>
    public static int Most(int number, int most)
    {
        int root = (int)Math.Sqrt(number);
        for (int size = (number - 1) / most + 1; size <= root; size++)
        {
            if (number % size == 0)
            {
                return number / size;
            }
        }

        int shares = Math.Min(most, root);
        while (number % shares != 0)
        {
            shares--;
        }

        return shares;
    }
}
