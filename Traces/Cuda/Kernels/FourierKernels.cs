using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>
/// Fourier transforms of many signals at once, one pass over memory for each factor of the length. Between passes the numbers lie as
/// [group of signals, position, signal of the group], so that neighbouring threads have neighbouring signals of a group or, of a group of
/// one, mostly neighbouring positions. Grid: values / threads of a group.
/// </summary>
internal static class FourierKernels
{
    /// <summary>Real signals as complex numbers.</summary>
    [DeviceKernel]
    public static void FourierLoad(ArrayView<float> input, ArrayView<ComplexSingle> result, int count, FourierShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int signal = element % shape.Signals;
        int position = element / shape.Signals % shape.Length;
        int group = element / shape.Signals / shape.Length;
        ComplexSingle value = default;
        value.Real = input[((long)group * shape.OuterStride) + ((long)position * shape.PositionStride) + signal];
        result[element] = value;
    }

    /// <summary>
    /// One factor p of the length n. Before, position k x n / l + s holds number k of the transform of every (n / l)-th value from s on, l
    /// the product of the factors done; afterwards so with l p. A thread adds up the p numbers that its own is made of, times the roots of
    /// unity exp(-2 pi i j / n), which stand in a table.
    /// </summary>
    [DeviceKernel]
    public static void FourierPass(ArrayView<ComplexSingle> input, ArrayView<ComplexSingle> roots, ArrayView<ComplexSingle> result, int count, FourierShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int signal = element % shape.Signals;
        int position = element / shape.Signals % shape.Length;
        int group = element / shape.Signals / shape.Length;
        int rest = shape.Length / shape.Done / shape.Factor;
        int number = position / rest;
        int step = number * rest;
        int first = (number % shape.Done * rest * shape.Factor) + (position % rest);
        long from = ((((long)group * shape.Length) + first) * shape.Signals) + signal;
        long pitch = (long)rest * shape.Signals;
        float real = 0;
        float imaginary = 0;
        int turn = 0;
        for (int part = 0; part < shape.Factor; part++)
        {
            ComplexSingle value = input[from + (part * pitch)];
            ComplexSingle root = roots[turn];
            real += (value.Real * root.Real) - (value.Imaginary * root.Imaginary);
            imaginary += (value.Real * root.Imaginary) + (value.Imaginary * root.Real);
            turn += step;
            turn -= turn >= shape.Length ? shape.Length : 0;
        }

        ComplexSingle sum = default;
        sum.Real = real;
        sum.Imaginary = imaginary;
        result[element] = sum;
    }

    /// <summary>The first half of the numbers, real and imaginary part side by side. A thread has one number.</summary>
    [DeviceKernel]
    public static void FourierStore(ArrayView<ComplexSingle> input, ArrayView<float> result, int count, FourierShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int kept = (shape.Length / 2) + 1;
        int signal = element % shape.Signals;
        int position = element / shape.Signals % kept;
        int group = element / shape.Signals / kept;
        ComplexSingle value = input[((((long)group * shape.Length) + position) * shape.Signals) + signal];
        long to = ((long)group * shape.OuterStride) + ((long)position * shape.PositionStride) + (2L * signal);
        result[to] = value.Real;
        result[to + 1] = value.Imaginary;
    }
}
