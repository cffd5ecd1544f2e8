using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>All weights of a model of one stack in the memory of the device.</summary>
internal sealed class DeviceModel : IDisposable
{
    private static readonly OperatorRole[] MatrixRoles =
        [OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown, OperatorRole.LmHead];

    private static readonly OperatorRole[] NormRoles = [OperatorRole.AttentionNorm, OperatorRole.FfnNorm, OperatorRole.FinalNorm];

    /// <summary>Copies the weights to the device; the files behind them are not needed any more.</summary>
    /// <exception cref="PimSimUserException">They do not fit.</exception>
    public DeviceModel(IModelWeights weights, CudaDevice device)
    {
        CheckMemory(weights, device.Name, device.MemoryBytes);
        Weights = new DeviceWeights(device);
        try
        {
            Upload(weights);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Matrices, biases and normalisations.</summary>
    public DeviceWeights Weights { get; }

    /// <summary>Token embeddings.</summary>
    public DeviceMatrix TokenEmbedding { get; private set; } = null!;

    /// <summary>Learned positions, if the model has any.</summary>
    public DeviceMatrix? PositionEmbedding { get; private set; }

    public static WeightKey Key(OperatorRole role, int layer) => new(ModelStack.Decoder, role, layer);

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    internal static void CheckMemory(IModelWeights weights, string device, long memoryBytes)
    {
        long bytes = DeviceMatrix.Bytes(weights.TokenEmbedding);
        bytes += weights.PositionEmbedding is { } positions ? DeviceMatrix.Bytes(positions) : 0;
        foreach (OperatorRole role in MatrixRoles)
        {
            for (int layer = 0; layer < Instances(weights.Shape, role); layer++)
            {
                WeightTensor matrix = weights.Matrix(role, layer);
                bytes += IsTable(role, matrix, weights) ? 0 : DeviceMatrix.Bytes(matrix);
            }
        }

        DeviceWeights.CheckMemory(weights.Shape.Name, bytes, device, memoryBytes);
    }

    private static int Instances(ModelShape shape, OperatorRole role) => role is OperatorRole.FinalNorm or OperatorRole.LmHead ? 1 : shape.Layers;

    private static bool IsTable(OperatorRole role, WeightTensor matrix, IModelWeights weights) =>
        role == OperatorRole.LmHead && DeviceWeights.Same(matrix, weights.TokenEmbedding);

    private void Upload(IModelWeights weights)
    {
        ModelShape shape = weights.Shape;
        TokenEmbedding = Weights.Upload(weights.TokenEmbedding, shape.Vocab, shape.Hidden, "the token embedding");
        if (weights.PositionEmbedding is { } positions)
        {
            PositionEmbedding = Weights.Upload(positions, shape.MaxPositions, shape.Hidden, "the position embedding");
        }

        foreach (OperatorRole role in MatrixRoles)
        {
            WeightMatrix matrix = shape.Matrix(role);
            for (int layer = 0; layer < matrix.Instances; layer++)
            {
                WeightTensor source = weights.Matrix(role, layer);
                DeviceMatrix copied = IsTable(role, source, weights) ? TokenEmbedding : Weights.Upload(source, matrix.Outputs, matrix.Inputs, $"{role} {layer}");
                Weights.Add(Key(role, layer), copied, weights.Bias(role, layer), matrix.Bias ? matrix.Outputs : 0);
            }
        }

        int shiftLength = shape.Norm == NormKind.LayerNorm ? shape.Hidden : 0;
        foreach (OperatorRole role in NormRoles)
        {
            for (int layer = 0; layer < Instances(shape, role); layer++)
            {
                Weights.AddNorm(Key(role, layer), weights.NormScale(role, layer), shape.Hidden, weights.NormShift(role, layer), shiftLength);
            }
        }
    }
}
