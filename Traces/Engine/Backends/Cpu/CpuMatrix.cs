using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>A matrix of weights with its bias, ready to be multiplied with.</summary>
internal sealed class CpuMatrix
{
    private readonly WeightSegment[] _segments;

    public CpuMatrix(WeightTensor weights, float[] bias)
    {
        Weights = weights;
        Bias = bias;
        _segments = [.. weights.Segments];
    }

    public WeightTensor Weights { get; }

    /// <summary>One for each row, or empty.</summary>
    public float[] Bias { get; }

    /// <summary>Where the rows lie, in order.</summary>
    public ReadOnlySpan<WeightSegment> Segments => _segments;
}
