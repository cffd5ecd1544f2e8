using System.Numerics;
using System.Numerics.Tensors;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Model;

/// <summary>y = x w / sqrt(mean(x^2) + epsilon), row by row.</summary>
internal static class RmsNorm
{
    /// <summary>Normalises all rows and keeps the factor of each row for the way back.</summary>
    public static void Forward<T>(ReadOnlySpan<T> input, ReadOnlySpan<T> weight, T epsilon, Span<T> output, Span<T> factors)
        where T : IBinaryFloatingPointIeee754<T>
    {
        int width = weight.Length;
        T count = T.CreateChecked(width);
        for (int row = 0; row < factors.Length; row++)
        {
            ReadOnlySpan<T> x = input.Slice(row * width, width);
            factors[row] = T.One / T.Sqrt((Lanes.Dot(x, x) / count) + epsilon);
            Apply(x, weight, factors[row], output.Slice(row * width, width));
        }
    }

    /// <summary>Normalises again with known factors.</summary>
    public static void Repeat<T>(ReadOnlySpan<T> input, ReadOnlySpan<T> weight, ReadOnlySpan<T> factors, Span<T> output)
        where T : IBinaryFloatingPointIeee754<T>
    {
        int width = weight.Length;
        for (int row = 0; row < factors.Length; row++)
        {
            Apply(input.Slice(row * width, width), weight, factors[row], output.Slice(row * width, width));
        }
    }

    /// <summary>Adds to the gradients of weight and input. <paramref name="gradient"/> is overwritten.</summary>
    public static void Backward<T>(
        ReadOnlySpan<T> input,
        ReadOnlySpan<T> weight,
        ReadOnlySpan<T> factors,
        Span<T> gradient,
        Span<T> weightGradient,
        Span<T> inputGradient,
        Span<T> scratch)
        where T : IBinaryFloatingPointIeee754<T>
    {
        int width = weight.Length;
        T count = T.CreateChecked(width);
        Span<T> normal = scratch[..width];
        for (int row = 0; row < factors.Length; row++)
        {
            ReadOnlySpan<T> x = input.Slice(row * width, width);
            Span<T> dy = gradient.Slice(row * width, width);
            Span<T> dx = inputGradient.Slice(row * width, width);
            T factor = factors[row];

            // With n = x f: dw += dy n; dx += f (dy w - n mean(dy w n)).
            TensorPrimitives.Multiply(x, factor, normal);
            TensorPrimitives.MultiplyAdd(dy, normal, weightGradient, weightGradient);
            TensorPrimitives.Multiply(dy, weight, dy);
            T mean = Lanes.Dot<T>(dy, normal) / count;
            TensorPrimitives.MultiplyAdd(normal, -mean, dy, dy);
            TensorPrimitives.MultiplyAdd(dy, factor, dx, dx);
        }
    }

    private static void Apply<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> weight, T factor, Span<T> y)
        where T : IBinaryFloatingPointIeee754<T>
    {
        TensorPrimitives.Multiply(x, factor, y);
        TensorPrimitives.Multiply(y, weight, y);
    }
}
