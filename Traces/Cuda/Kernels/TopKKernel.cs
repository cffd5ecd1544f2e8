using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>
/// The largest values of a row, one after the other. Each thread has every so manieth candidate and holds the best of those that are not
/// taken; the best of the group is the next result, and only the thread that held it looks through its candidates again.
/// </summary>
internal static class TopKKernel
{
    /// <summary>
    /// In descending order, of equal ones the lowest column first. A NaN is never taken, and the lowest place of one,
    /// row x candidates + column, is left in <paramref name="fault"/>. Grid: rows.
    /// </summary>
    [DeviceKernel]
    public static void TopK(ArrayView<float> input, ArrayView<float> result, ArrayView<int> columns, ArrayView<int> fault, TopKShape shape)
    {
        ArrayView<float> values = SharedMemory.Allocate<float>(Reductions.MaxWarps);
        ArrayView<int> places = SharedMemory.Allocate<int>(Reductions.MaxWarps);
        int warps = Group.DimX / Warp.WarpSize;
        long from = (long)Grid.IdxX * shape.InputStride;
        float best = float.NegativeInfinity;
        int where = int.MaxValue;
        for (int column = Group.IdxX; column < shape.Candidates; column += Group.DimX)
        {
            float value = input[from + column];
            if (float.IsNaN(value))
            {
                Atomic.Min(ref fault[0], (Grid.IdxX * shape.Candidates) + column);
            }

            if (Reductions.IsBefore(value, column, best, where))
            {
                best = value;
                where = column;
            }
        }

        for (int rank = 0; rank < shape.Count; rank++)
        {
            float next = best;
            int place = where;
            Reductions.WarpLargest(ref next, ref place);
            if (Group.IdxX % Warp.WarpSize == 0)
            {
                values[Group.IdxX / Warp.WarpSize] = next;
                places[Group.IdxX / Warp.WarpSize] = place;
            }

            Group.Barrier();
            for (int warp = 0; warp < warps; warp++)
            {
                if (Reductions.IsBefore(values[warp], places[warp], next, place))
                {
                    next = values[warp];
                    place = places[warp];
                }
            }

            Group.Barrier();
            if (Group.IdxX == 0)
            {
                result[((long)Grid.IdxX * shape.ResultStride) + rank] = next;
                columns[((long)Grid.IdxX * shape.Count) + rank] = place;
            }

            if (where == place)
            {
                best = float.NegativeInfinity;
                where = int.MaxValue;
                for (int column = Group.IdxX; column < shape.Candidates; column += Group.DimX)
                {
                    float value = input[from + column];
                    if (Reductions.IsBefore(next, place, value, column) && Reductions.IsBefore(value, column, best, where))
                    {
                        best = value;
                        where = column;
                    }
                }
            }
        }
    }
}
