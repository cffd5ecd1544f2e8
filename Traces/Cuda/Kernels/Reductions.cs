using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Sums and maxima over the threads of a warp or a group; every thread gets the result. Lanes are a power of two.</summary>
internal static class Reductions
{
    /// <summary>Warps that a group may have.</summary>
    public const int MaxWarps = 32;

    /// <summary>Sum over a warp.</summary>
    public static float WarpSum(float value)
    {
        for (int offset = Warp.WarpSize / 2; offset > 0; offset /= 2)
        {
            value += Warp.ShuffleXor(value, offset);
        }

        return value;
    }

    /// <summary>Maximum over a warp; NaN is ignored.</summary>
    public static float WarpMax(float value)
    {
        for (int offset = Warp.WarpSize / 2; offset > 0; offset /= 2)
        {
            float other = Warp.ShuffleXor(value, offset);
            value = other > value ? other : value;
        }

        return value;
    }

    /// <summary>The largest value of a warp and its column; of equal ones the lowest column. NaN is ignored.</summary>
    public static void WarpLargest(ref float value, ref int column)
    {
        for (int offset = Warp.WarpSize / 2; offset > 0; offset /= 2)
        {
            float other = Warp.ShuffleXor(value, offset);
            int where = Warp.ShuffleXor(column, offset);
            if (IsBefore(other, where, value, column))
            {
                value = other;
                column = where;
            }
        }
    }

    /// <summary>One value is larger than another, or equal and of a lower column.</summary>
    public static bool IsBefore(float value, int column, float other, int otherColumn) =>
        value > other || (value == other && column < otherColumn);

    /// <summary>Sum over a group, in an order that the group's size alone decides.</summary>
    /// <param name="value">What this thread adds.</param>
    /// <param name="partial"><see cref="MaxWarps"/> numbers of shared memory, free to be used again after the next barrier.</param>
    public static float GroupSum(float value, ArrayView<float> partial)
    {
        value = WarpSum(value);
        int warps = Group.DimX / Warp.WarpSize;
        if (Group.IdxX % Warp.WarpSize == 0)
        {
            partial[Group.IdxX / Warp.WarpSize] = value;
        }

        Group.Barrier();
        float sum = 0;
        for (int warp = 0; warp < warps; warp++)
        {
            sum += partial[warp];
        }

        return sum;
    }
}
