using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Model;

/// <summary>Rotates channel i with channel i + half of each head by position x base^(-2i / width) (Hugging Face's pairing). Thread-safe.</summary>
internal sealed class RotaryEmbedding<T>
    where T : IBinaryFloatingPointIeee754<T>
{
    private readonly T[] _cosine;
    private readonly T[] _sine;
    private readonly int _half;

    public RotaryEmbedding(int headDim, int context, double ropeBase)
    {
        _half = headDim / 2;
        _cosine = new T[context * _half];
        _sine = new T[context * _half];
        for (int position = 0; position < context; position++)
        {
            for (int i = 0; i < _half; i++)
            {
                double angle = position * Math.Pow(ropeBase, -2.0 * i / headDim);
                _cosine[(position * _half) + i] = T.CreateChecked(Math.Cos(angle));
                _sine[(position * _half) + i] = T.CreateChecked(Math.Sin(angle));
            }
        }
    }

    /// <summary>Rotates the first <paramref name="heads"/> heads of each row in place; backwards for gradients.</summary>
    public void Rotate(Span<T> rows, int count, int stride, int heads, bool backwards)
    {
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<T> cosine = _cosine.AsSpan(row * _half, _half);
            ReadOnlySpan<T> sine = _sine.AsSpan(row * _half, _half);
            for (int head = 0; head < heads; head++)
            {
                Span<T> values = rows.Slice((row * stride) + (head * 2 * _half), 2 * _half);
                RotateHead(values, cosine, sine, backwards);
            }
        }
    }

    private static void RotateHead(Span<T> values, ReadOnlySpan<T> cosine, ReadOnlySpan<T> sine, bool backwards)
    {
        int half = cosine.Length;
        ref T first = ref MemoryMarshal.GetReference(values);
        ref T second = ref Unsafe.Add(ref first, half);
        int i = 0;
        for (; i <= half - Vector512<T>.Count; i += Vector512<T>.Count)
        {
            Vector512<T> c = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(cosine), (nuint)i);
            Vector512<T> s = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(sine), (nuint)i);
            s = backwards ? -s : s;
            Vector512<T> x = Vector512.LoadUnsafe(ref first, (nuint)i);
            Vector512<T> y = Vector512.LoadUnsafe(ref second, (nuint)i);
            Lanes.MultiplyAdd(-y, s, x * c).StoreUnsafe(ref first, (nuint)i);
            Lanes.MultiplyAdd(x, s, y * c).StoreUnsafe(ref second, (nuint)i);
        }

        for (; i < half; i++)
        {
            T s = backwards ? -sine[i] : sine[i];
            T x = values[i];
            T y = values[half + i];
            values[i] = (x * cosine[i]) - (y * s);
            values[half + i] = (y * cosine[i]) + (x * s);
        }
    }
}
