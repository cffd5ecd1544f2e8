namespace PimSim.Traces.Cuda.Kernels;

/// <summary>A packing of integers, to which activations can be rounded.</summary>
internal interface IIntegerFormat : IWeightFormat
{
    /// <summary>What the largest magnitude of a group becomes.</summary>
    static abstract int Limit { get; }
}
