using System.Collections.Immutable;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>
/// Medusa heads of one layer each that were trained, from a safetensors file with <c>heads.K.linear.weight</c> and <c>heads.K.linear.bias</c>; their
/// output layer is the model's. The file stays open until this is disposed.
/// </summary>
public sealed class TrainedHeads : IDisposable
{
    private readonly SafetensorsFile _file;

    private TrainedHeads(SafetensorsFile file, ImmutableArray<LinearLayer> layers)
    {
        _file = file;
        Layers = layers;
    }

    /// <summary>The layer of each head.</summary>
    public ImmutableArray<LinearLayer> Layers { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="PimSimUserException">It cannot be read, or has no such heads.</exception>
    public static TrainedHeads Open(string path)
    {
        var file = SafetensorsFile.Open(path);
        try
        {
            ImmutableArray<LinearLayer> layers = LayersOf(file);
            return layers.Length > 0
                ? new TrainedHeads(file, layers)
                : throw new PimSimUserException($"{path}: no draft heads: 'heads.0.linear.weight' and 'heads.0.linear.bias' are needed");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static ImmutableArray<LinearLayer> LayersOf(SafetensorsFile file)
    {
        List<LinearLayer> layers = [];
        while (file.Tensors.TryGetValue($"heads.{layers.Count}.linear.weight", out SafetensorsTensor? weight)
            && file.Tensors.TryGetValue($"heads.{layers.Count}.linear.bias", out SafetensorsTensor? bias))
        {
            layers.Add(new LinearLayer(OperatorRole.DraftHead, Tensor(weight, 2), HasBias: true, Vector(bias)));
        }

        return [.. layers];
    }

    private static WeightTensor Tensor(SafetensorsTensor tensor, int dimensions) => tensor.Type is { } type && tensor.Dimensions.Length == dimensions
        ? new WeightTensor(type, dimensions == 1 ? 1 : (int)tensor.Dimensions[0], (int)tensor.Dimensions[^1], [new WeightSegment(tensor.File.Memory, tensor.Offset, dimensions == 1 ? 1 : (int)tensor.Dimensions[0])])
        : throw new PimSimUserException($"{tensor.File.Path}: '{tensor.Name}' is no tensor of {dimensions} dimensions in {string.Join(", ", SafetensorsTensor.WeightTypes)}");

    private static float[] Vector(SafetensorsTensor tensor)
    {
        WeightTensor row = Tensor(tensor, 1);
        float[] values = new float[row.Columns];
        WeightRows.Read(row, 0, values);
        return values;
    }
}
