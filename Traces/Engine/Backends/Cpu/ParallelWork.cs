namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Work in pieces that depend on nothing but themselves, so that the result is the same whoever does which. The pieces are chosen by the
/// size of the work alone, never by the number of threads. One object is used again and again: no allocation per operator.
/// </summary>
internal abstract class ParallelWork
{
    /// <summary>Does one piece.</summary>
    /// <param name="piece">Which one.</param>
    /// <param name="worker">Index of the thread that does it, for scratch memory.</param>
    public abstract void Run(int piece, int worker);

    /// <summary>Pieces of at most <paramref name="size"/> that cover <paramref name="total"/>.</summary>
    protected static int Pieces(int total, int size) => (int)(((long)total + size - 1) / size);
}
