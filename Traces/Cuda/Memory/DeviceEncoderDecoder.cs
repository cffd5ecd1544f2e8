using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>All weights of an encoder-decoder in the memory of the device.</summary>
internal sealed class DeviceEncoderDecoder : IDisposable
{
    private static readonly WeightKey Head = new(ModelStack.Decoder, OperatorRole.LmHead, 0);

    private readonly DeviceMatrix[] _positions = [];

    /// <summary>Copies the weights to the device; the files behind them are not needed any more.</summary>
    /// <exception cref="PimSimUserException">They do not fit.</exception>
    public DeviceEncoderDecoder(IEncoderDecoderWeights weights, CudaDevice device)
    {
        CheckMemory(weights, device.Name, device.MemoryBytes);
        EncoderDecoderShape shape = weights.Shape;
        Weights = new DeviceWeights(device);
        try
        {
            TokenEmbedding = Weights.Upload(weights.TokenEmbedding, shape.Vocab, shape.Hidden, "the token embedding");
            if (shape.Position == EncoderDecoderPosition.Learned)
            {
                _positions = [UploadPositions(weights, ModelStack.Encoder), UploadPositions(weights, ModelStack.Decoder)];
            }
            else
            {
                EncoderBias = Bias(weights, ModelStack.Encoder, device);
                DecoderBias = Bias(weights, ModelStack.Decoder, device);
            }

            foreach (WeightKey key in Matrices(shape))
            {
                WeightMatrix matrix = shape.Matrix(key.Stack, key.Role);
                WeightTensor source = weights.Matrix(key.Stack, key.Role, key.Layer);
                DeviceMatrix copied = IsTable(key, source, weights) ? TokenEmbedding : Weights.Upload(source, matrix.Outputs, matrix.Inputs, key.ToString());
                Weights.Add(key, copied, weights.Bias(key.Stack, key.Role, key.Layer), matrix.Bias ? matrix.Outputs : 0);
            }

            foreach (WeightKey key in Norms(shape))
            {
                UploadNorm(weights, key);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Matrices, biases and normalisations.</summary>
    public DeviceWeights Weights { get; }

    /// <summary>Token embeddings, which both stacks share.</summary>
    public DeviceMatrix TokenEmbedding { get; }

    /// <summary>Null where positions are learned vectors.</summary>
    public DeviceScoreBias? EncoderBias { get; }

    /// <summary>Null where positions are learned vectors.</summary>
    public DeviceScoreBias? DecoderBias { get; }

    /// <summary>The learned positions of a stack.</summary>
    /// <exception cref="ArgumentException">The model has none.</exception>
    public DeviceMatrix Positions(ModelStack stack) => _positions.Length > 0
        ? _positions[(int)stack]
        : throw new ArgumentException("the model has no learned positions", nameof(stack));

    /// <inheritdoc/>
    public void Dispose()
    {
        EncoderBias?.Dispose();
        DecoderBias?.Dispose();
        Weights.Dispose();
    }

    internal static void CheckMemory(IEncoderDecoderWeights weights, string device, long memoryBytes)
    {
        long bytes = DeviceMatrix.Bytes(weights.TokenEmbedding);
        if (weights.Shape.Position == EncoderDecoderPosition.Learned)
        {
            bytes += DeviceMatrix.Bytes(weights.Positions(ModelStack.Encoder)) + DeviceMatrix.Bytes(weights.Positions(ModelStack.Decoder));
        }

        foreach (WeightKey key in Matrices(weights.Shape))
        {
            WeightTensor matrix = weights.Matrix(key.Stack, key.Role, key.Layer);
            bytes += IsTable(key, matrix, weights) ? 0 : DeviceMatrix.Bytes(matrix);
        }

        DeviceWeights.CheckMemory(weights.Shape.Name, bytes, device, memoryBytes);
    }

    private static IEnumerable<WeightKey> Matrices(EncoderDecoderShape shape)
    {
        foreach (ModelStack stack in Enum.GetValues<ModelStack>())
        {
            foreach (OperatorRole role in EncoderDecoderShape.LayerMatrices(stack))
            {
                for (int layer = 0; layer < shape.Layers(stack); layer++)
                {
                    yield return new(stack, role, layer);
                }
            }
        }

        yield return Head;
    }

    private static IEnumerable<WeightKey> Norms(EncoderDecoderShape shape)
    {
        foreach (ModelStack stack in Enum.GetValues<ModelStack>())
        {
            foreach (OperatorRole role in EncoderDecoderShape.LayerNorms(stack))
            {
                for (int layer = 0; layer < shape.Layers(stack); layer++)
                {
                    yield return new(stack, role, layer);
                }
            }

            yield return new(stack, OperatorRole.FinalNorm, 0);
        }
    }

    private static bool IsTable(WeightKey key, WeightTensor matrix, IEncoderDecoderWeights weights) =>
        key == Head && DeviceWeights.Same(matrix, weights.TokenEmbedding);

    private static DeviceScoreBias Bias(IEncoderDecoderWeights weights, ModelStack stack, CudaDevice device)
    {
        RelativeBuckets buckets = weights.Shape.Buckets;
        WeightTensor table = WeightChecks.Matrix(weights.Positions(stack), buckets.Count, weights.Shape.Heads, $"positions of the {stack}");
        return new(device, buckets, table, bidirectional: stack == ModelStack.Encoder);
    }

    private DeviceMatrix UploadPositions(IEncoderDecoderWeights weights, ModelStack stack) =>
        Weights.Upload(weights.Positions(stack), weights.Shape.MaxPositions, weights.Shape.Hidden, $"positions of the {stack}");

    private void UploadNorm(IEncoderDecoderWeights weights, WeightKey key)
    {
        int hidden = weights.Shape.Hidden;
        float[] scale = weights.NormScale(key.Stack, key.Role, key.Layer).ToArray();
        float[] shift = weights.NormShift(key.Stack, key.Role, key.Layer).ToArray();
        if (weights.Numerics.ScaledHead && key == Head with { Role = OperatorRole.FinalNorm })
        {
            // The head is linear: what it reads may as well be normalised to the smaller size at once.
            float factor = (float)(1 / Math.Sqrt(hidden));
            scale = Array.ConvertAll(scale, value => value * factor);
            shift = Array.ConvertAll(shift, value => value * factor);
        }

        Weights.AddNorm(key, scale, hidden, shift, weights.Shape.Norm == NormKind.LayerNorm ? hidden : 0);
    }
}
