using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PimSim.Traces.Training.Model;

/// <summary>y = silu(gate) up, where each row holds gate and up side by side.</summary>
internal static class SwiGlu
{
    /// <summary>Activates all rows.</summary>
    public static void Forward<T>(ReadOnlySpan<T> gateUp, int rows, int width, Span<T> output)
        where T : IBinaryFloatingPointIeee754<T>
    {
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<T> gate = gateUp.Slice(row * 2 * width, width);
            ReadOnlySpan<T> up = gateUp.Slice((row * 2 * width) + width, width);
            Span<T> y = output.Slice(row * width, width);
            TensorPrimitives.Sigmoid(gate, y);
            TensorPrimitives.Multiply(y, gate, y);
            TensorPrimitives.Multiply(y, up, y);
        }
    }

    /// <summary>Activates all rows once more and replaces gate and up by their gradients.</summary>
    public static void Backward<T>(Span<T> gateUp, int rows, int width, ReadOnlySpan<T> gradient, Span<T> output, Span<T> scratch)
        where T : IBinaryFloatingPointIeee754<T>
    {
        Span<T> sigmoid = scratch[..width];
        for (int row = 0; row < rows; row++)
        {
            Span<T> gate = gateUp.Slice(row * 2 * width, width);
            Span<T> up = gateUp.Slice((row * 2 * width) + width, width);
            TensorPrimitives.Sigmoid<T>(gate, sigmoid);
            BackwardRow(gate, up, sigmoid, gradient.Slice(row * width, width), output.Slice(row * width, width));
        }
    }

    private static void BackwardRow<T>(Span<T> gate, Span<T> up, ReadOnlySpan<T> sigmoid, ReadOnlySpan<T> gradient, Span<T> output)
        where T : IBinaryFloatingPointIeee754<T>
    {
        int i = 0;
        for (; i <= gate.Length - Vector512<T>.Count; i += Vector512<T>.Count)
        {
            nuint at = (nuint)i;
            Vector512<T> g = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(gate), at);
            Vector512<T> u = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(up), at);
            Vector512<T> s = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(sigmoid), at);
            Vector512<T> dy = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(gradient), at);
            Vector512<T> silu = g * s;
            (silu * u).StoreUnsafe(ref MemoryMarshal.GetReference(output), at);
            (dy * u * (s + (silu * (Vector512<T>.One - s)))).StoreUnsafe(ref MemoryMarshal.GetReference(gate), at);
            (dy * silu).StoreUnsafe(ref MemoryMarshal.GetReference(up), at);
        }

        for (; i < gate.Length; i++)
        {
            T silu = gate[i] * sigmoid[i];
            output[i] = silu * up[i];
            gate[i] = gradient[i] * up[i] * (sigmoid[i] + (silu * (T.One - sigmoid[i])));
            up[i] = gradient[i] * silu;
        }
    }
}
