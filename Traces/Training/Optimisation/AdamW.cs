using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Optimisation;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, 2019), in single precision.</summary>
internal sealed class AdamW
{
    private const float Beta1 = 0.9f;
    private const float Beta2 = 0.95f;
    private const float Epsilon = 1e-8f;
    private const int ChunkLength = 1 << 14;

    private readonly float[] _mean;
    private readonly float[] _square;
    private readonly float[] _decay;
    private readonly WorkCrew _crew;
    private int _steps;

    /// <summary>Prepares for so many parameters; those in <paramref name="decaying"/> shrink by <paramref name="weightDecay"/>.</summary>
    public AdamW(int length, IEnumerable<Range> decaying, double weightDecay, WorkCrew crew)
    {
        _mean = new float[length];
        _square = new float[length];
        _decay = new float[length];
        _crew = crew;
        foreach (Range range in decaying)
        {
            _decay.AsSpan(range).Fill((float)weightDecay);
        }
    }

    /// <summary>Updates the parameters. The gradient is first shortened to <paramref name="clip"/>; returns its length before that.</summary>
    public double Step(float[] parameters, float[] gradient, double rate, double clip)
    {
        int chunks = (parameters.Length + ChunkLength - 1) / ChunkLength;
        double[] squares = new double[chunks];
        _crew.Run(chunks, (_, chunk) =>
        {
            ReadOnlySpan<float> part = gradient.AsSpan(Chunk(chunk, parameters.Length));
            squares[chunk] = Lanes.Dot(part, part);
        });
        double length = Math.Sqrt(squares.Sum());
        float factor = length > clip ? (float)(clip / length) : 1;
        _steps++;
        float meanCorrection = (float)(1 / (1 - Math.Pow(Beta1, _steps)));
        float squareCorrection = (float)(1 / (1 - Math.Pow(Beta2, _steps)));
        _crew.Run(chunks, (_, chunk) => Update(Chunk(chunk, parameters.Length), parameters, gradient, (float)rate, factor, meanCorrection, squareCorrection));
        return length;
    }

    private static Range Chunk(int chunk, int length) => new(chunk * ChunkLength, Math.Min(length, (chunk + 1) * ChunkLength));

    private void Update(Range range, float[] parameters, float[] gradient, float rate, float factor, float meanCorrection, float squareCorrection)
    {
        Span<float> p = parameters.AsSpan(range);
        Span<float> g = gradient.AsSpan(range);
        Span<float> m = _mean.AsSpan(range);
        Span<float> v = _square.AsSpan(range);
        Span<float> decay = _decay.AsSpan(range);
        int i = 0;
        for (; i <= p.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            nuint at = (nuint)i;
            Vector512<float> gradientNow = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(g), at) * factor;
            Vector512<float> mean = (Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(m), at) * Beta1) + (gradientNow * (1 - Beta1));
            Vector512<float> square = (Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(v), at) * Beta2) + (gradientNow * gradientNow * (1 - Beta2));
            Vector512<float> now = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(p), at);
            Vector512<float> shrink = Vector512<float>.One - (Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(decay), at) * rate);
            Vector512<float> root = Vector512.Sqrt(square * squareCorrection) + Vector512.Create(Epsilon);
            ((now * shrink) - (mean * (meanCorrection * rate) / root)).StoreUnsafe(ref MemoryMarshal.GetReference(p), at);
            mean.StoreUnsafe(ref MemoryMarshal.GetReference(m), at);
            square.StoreUnsafe(ref MemoryMarshal.GetReference(v), at);
        }

        for (; i < p.Length; i++)
        {
            float gradientNow = g[i] * factor;
            m[i] = (m[i] * Beta1) + (gradientNow * (1 - Beta1));
            v[i] = (v[i] * Beta2) + (gradientNow * gradientNow * (1 - Beta2));
            float root = MathF.Sqrt(v[i] * squareCorrection) + Epsilon;
            p[i] = (p[i] * (1 - (decay[i] * rate))) - (m[i] * (meanCorrection * rate) / root);
        }
    }
}
