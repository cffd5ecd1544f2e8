using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>A pass over a cache that a reference implementation makes and that changes nothing: a concatenation, a contiguous copy.</summary>
/// <typeparam name="TTensor">The tensor of the session.</typeparam>
internal sealed class BulkCopy<TTensor>(INetworkBackend<Recorded<TTensor>> network)
    where TTensor : ITensor
{
    private float[] _ones = [];

    /// <summary>Reads and writes the keys of so many tokens, and the values with them.</summary>
    public void Run(KeyValues cache, int tokens) => Run(cache, tokens, 2 * cache.Shape.Width);

    /// <summary>Reads and writes the keys of so many tokens.</summary>
    public void RunKeys(KeyValues cache, int tokens) => Run(cache, tokens, cache.Shape.Width);

    private void Run(KeyValues cache, int tokens, int columns)
    {
        if (tokens == 0)
        {
            return;
        }

        int rows = checked(tokens * cache.Sequences);
        if (_ones.Length < rows)
        {
            _ones = new float[rows];
            Array.Fill(_ones, 1);
        }

        network.Mix(network.Input(rows, columns, network.HasData ? new float[rows * columns] : []), _ones.AsSpan(0, rows), 1, OperatorRole.KvAppend);
    }
}
