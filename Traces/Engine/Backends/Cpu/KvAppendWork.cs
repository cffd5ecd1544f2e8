namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>Copies keys and values of new tokens into a cache.</summary>
/// <param name="shape">The heads.</param>
/// <param name="firstKey">Column of a row at which the keys begin; the values follow.</param>
internal sealed class KvAppendWork(HeadShape shape, int firstKey) : ParallelWork
{
    private const int PieceValues = 8192;

    private readonly int _pieceTokens = Math.Max(1, PieceValues / (firstKey + (2 * shape.KvWidth)));
    private CpuKvCache _cache = null!;
    private CpuTensor _qkv;
    private int _layer;

    /// <summary>Sets the operands; the tokens are the newest of the cache.</summary>
    /// <returns>Number of pieces.</returns>
    public int Prepare(CpuKvCache cache, int layer, CpuTensor qkv)
    {
        _cache = cache;
        _layer = layer;
        _qkv = qkv;
        return Pieces(qkv.Rows, _pieceTokens);
    }

    /// <inheritdoc/>
    public override void Run(int piece, int worker)
    {
        int perSequence = _qkv.Rows / _cache.Sequences;
        int end = Math.Min((piece + 1) * _pieceTokens, _qkv.Rows);
        for (int token = piece * _pieceTokens; token < end; token++)
        {
            ReadOnlySpan<float> row = _qkv.Row(token);
            int sequence = token / perSequence;
            int position = _cache.Position(token, _qkv.Rows);
            for (int head = 0; head < shape.KvHeads; head++)
            {
                row.Slice(firstKey + (head * shape.HeadDim), shape.HeadDim).CopyTo(_cache.Key(_layer, sequence, head, position));
                row.Slice(firstKey + shape.KvWidth + (head * shape.HeadDim), shape.HeadDim).CopyTo(_cache.Value(_layer, sequence, head, position));
            }
        }
    }
}
