using PimSim.Traces.Engine.Models;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>The heads of an attention.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key/value heads; divides <paramref name="Heads"/>.</param>
/// <param name="HeadDim">Width of one head.</param>
internal readonly record struct HeadShape(int Heads, int KvHeads, int HeadDim)
{
    public int QueryWidth => Heads * HeadDim;

    public int KvWidth => KvHeads * HeadDim;

    public static HeadShape Of(ModelShape shape) => new(shape.Heads, shape.KvHeads, shape.HeadDim);

    public static HeadShape Of(EncoderDecoderShape shape) => new(shape.Heads, shape.Heads, shape.HeadDim);
}
