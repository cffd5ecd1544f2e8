using PimSim.Traces.Engine.Models;

namespace PimSim.Traces.Cuda.Tests.Reference;

/// <summary>Rows of keys and values by layer, sequence and position.</summary>
internal sealed class PlainKvCache(ModelShape shape, int sequences, int capacity) : KvCache(shape, sequences, capacity)
{
    public Dictionary<(int Layer, int Sequence, int Position), (double[] Keys, double[] Values)> Tokens { get; } = [];
}
