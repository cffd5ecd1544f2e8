using System.Numerics;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Fourier transform of one length, in double precision: Cooley-Tukey for powers of two; any other length as a circular convolution of the
/// next power of two (Bluestein). Thread-safe.
/// </summary>
internal sealed class FourierPlan
{
    private const int MaxLength = 1 << 26;

    private readonly double[] _cosines;
    private readonly double[] _sines;
    private readonly double[] _chirpReal = [];
    private readonly double[] _chirpImaginary = [];
    private readonly double[] _kernelReal = [];
    private readonly double[] _kernelImaginary = [];

    /// <summary>Prepares for a length.</summary>
    /// <exception cref="PimSimUserException">It is too long.</exception>
    public FourierPlan(int length)
    {
        if (length > MaxLength)
        {
            throw new PimSimUserException($"a Fourier transform of {length} values is too long for the CPU backend; {MaxLength} is the most");
        }

        Length = length;
        bool direct = BitOperations.IsPow2(length);
        Size = direct ? length : (int)BitOperations.RoundUpToPowerOf2((uint)((2 * length) - 1));
        _cosines = new double[Size / 2];
        _sines = new double[Size / 2];
        for (int index = 0; index < Size / 2; index++)
        {
            (_sines[index], _cosines[index]) = Math.SinCos(-2 * Math.PI * index / Size);
        }

        if (!direct)
        {
            (_chirpReal, _chirpImaginary) = (new double[length], new double[length]);
            (_kernelReal, _kernelImaginary) = (new double[Size], new double[Size]);
            PrepareChirp();
        }
    }

    /// <summary>Number of values.</summary>
    public int Length { get; }

    /// <summary>Length of the memory that <see cref="Transform"/> works in.</summary>
    public int Size { get; }

    /// <summary>Transforms in place.</summary>
    /// <param name="real">Real parts, then whatever.</param>
    /// <param name="imaginary">Imaginary parts, then whatever.</param>
    public void Transform(Span<double> real, Span<double> imaginary)
    {
        if (Size == Length)
        {
            PowerOfTwo(real, imaginary);
            return;
        }

        // With k n = (k^2 + n^2 - (k - n)^2) / 2 the sum over n is a convolution with the chirp.
        Chirp(real, imaginary);
        real[Length..].Clear();
        imaginary[Length..].Clear();
        PowerOfTwo(real, imaginary);
        for (int index = 0; index < Size; index++)
        {
            (real[index], imaginary[index]) = Product(real[index], imaginary[index], _kernelReal[index], _kernelImaginary[index]);
        }

        // The inverse transform is the transform with real and imaginary parts exchanged; the kernel holds its factor.
        PowerOfTwo(imaginary, real);
        Chirp(real, imaginary);
    }

    private void PrepareChirp()
    {
        for (int index = 0; index < Length; index++)
        {
            // Reduced before it is multiplied, so that no digit is lost.
            long square = (long)index * index % (2L * Length);
            (_chirpImaginary[index], _chirpReal[index]) = Math.SinCos(-Math.PI * square / Length);

            // Even: index 0 has no mirror.
            int mirrored = (Size - index) % Size;
            _kernelReal[index] = _kernelReal[mirrored] = _chirpReal[index] / Size;
            _kernelImaginary[index] = _kernelImaginary[mirrored] = -_chirpImaginary[index] / Size;
        }

        PowerOfTwo(_kernelReal, _kernelImaginary);
    }

    private void Chirp(Span<double> real, Span<double> imaginary)
    {
        for (int index = 0; index < Length; index++)
        {
            (real[index], imaginary[index]) = Product(real[index], imaginary[index], _chirpReal[index], _chirpImaginary[index]);
        }
    }

    private void PowerOfTwo(Span<double> real, Span<double> imaginary)
    {
        Reverse(real[..Size], imaginary[..Size]);
        for (int half = 1; half < Size; half *= 2)
        {
            int step = Size / (2 * half);
            for (int start = 0; start < Size; start += 2 * half)
            {
                for (int index = 0; index < half; index++)
                {
                    int low = start + index;
                    int high = low + half;
                    (double r, double i) = Product(real[high], imaginary[high], _cosines[index * step], _sines[index * step]);
                    (real[high], imaginary[high]) = (real[low] - r, imaginary[low] - i);
                    (real[low], imaginary[low]) = (real[low] + r, imaginary[low] + i);
                }
            }
        }
    }

    private static void Reverse(Span<double> real, Span<double> imaginary)
    {
        for (int index = 1, mirrored = 0; index < real.Length; index++)
        {
            // Counts up from the highest bit.
            int bit = real.Length >> 1;
            for (; (mirrored & bit) != 0; bit >>= 1)
            {
                mirrored ^= bit;
            }

            mirrored |= bit;
            if (index < mirrored)
            {
                (real[index], real[mirrored]) = (real[mirrored], real[index]);
                (imaginary[index], imaginary[mirrored]) = (imaginary[mirrored], imaginary[index]);
            }
        }
    }

    private static (double Real, double Imaginary) Product(double a, double b, double c, double d) => ((a * c) - (b * d), (a * d) + (b * c));
}
