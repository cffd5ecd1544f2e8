using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>
/// What Fourier transforms of one length need: its factors, fours before a two before odd primes, and the roots of unity
/// exp(-2 pi i j / length), computed in double precision, in the memory of the device.
/// </summary>
internal sealed class FourierTable : IDisposable
{
    /// <summary>The roots would take more than a gigabyte.</summary>
    public const int MaxLength = 1 << 26;

    /// <summary>A factor costs as many products for every value: larger ones would take a GPU minutes; estimated.</summary>
    public const int MaxFactor = 1 << 16;

    private readonly MemoryBuffer1D<ComplexSingle, Stride1D.Dense> _roots;

    /// <summary>Prepares for a length.</summary>
    /// <exception cref="PimSimUserException">It is too long, or has too large a prime factor.</exception>
    public FourierTable(CudaDevice device, int length)
    {
        Length = length;
        Factors = [.. FactorsOf(length)];
        if (length > MaxLength || Factors.Any(factor => factor > MaxFactor))
        {
            throw new PimSimUserException(
                $"a Fourier transform of {length} values is not possible on the backend cuda; up to {MaxLength} without a prime factor above {MaxFactor} are, and the backend cpu takes any up to {MaxLength}");
        }

        ComplexSingle[] roots = new ComplexSingle[length];
        for (int index = 0; index < length; index++)
        {
            (double sine, double cosine) = Math.SinCos(-2 * Math.PI * index / length);
            roots[index] = new ComplexSingle { Real = (float)cosine, Imaginary = (float)sine };
        }

        _roots = device.Allocate<ComplexSingle>(length, "roots of unity");
        _roots.View.BaseView.CopyFromCPU(device.Accelerator.DefaultStream, roots);
    }

    /// <summary>Number of values.</summary>
    public int Length { get; }

    /// <summary>Factors with the product <see cref="Length"/>; none for 1.</summary>
    public IReadOnlyList<int> Factors { get; }

    public ArrayView<ComplexSingle> Roots => _roots.View.BaseView;

    /// <inheritdoc/>
    public void Dispose() => _roots.Dispose();

    private static IEnumerable<int> FactorsOf(int length)
    {
        foreach (int factor in (int[])[4, 2])
        {
            for (; length % factor == 0; length /= factor)
            {
                yield return factor;
            }
        }

        for (int factor = 3; length > 1; factor += 2)
        {
            if ((long)factor * factor > length)
            {
                factor = length;
            }

            for (; length % factor == 0; length /= factor)
            {
                yield return factor;
            }
        }
    }
}
