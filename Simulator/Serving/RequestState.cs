using System.Collections.Immutable;
using PimSim.Simulator.Kernel;

namespace PimSim.Simulator.Serving;

/// <summary>A request that is in the system.</summary>
internal struct RequestState
{
    /// <summary>Its number, from 0, in the order in which the source named it.</summary>
    public long Number;

    public Picoseconds Arrival;
    public int InputTokens;
    public int OutputTokens;

    /// <summary>Tokens that it has been answered.</summary>
    public int Generated;

    /// <summary>Tokens whose keys and values have been computed.</summary>
    public long Computed;

    /// <summary>Tokens that its prefill computes: the prompt, and after a preemption what was generated too.</summary>
    public long PrefillTokens;

    /// <summary>Blocks that it has for itself.</summary>
    public int Blocks;

    /// <summary>Blocks that it had when it was swapped out.</summary>
    public int SwappedBlocks;

    /// <summary>The last piece of a shared prefix that it holds; -1 if it holds none.</summary>
    public int PrefixLeaf;

    /// <summary>Pieces of a shared prefix that it holds.</summary>
    public int PrefixPieces;

    /// <summary>Tokens of its prompt that it did not compute, on first admission.</summary>
    public int PrefixHitTokens;

    public int Preemptions;
    public int Replica;

    /// <summary>The replica that holds its cache until it is moved; -1 if it is not to be moved.</summary>
    public int MovedFrom;

    /// <summary>The device of its replica that keeps its cache; -1 before it has one.</summary>
    public int Worker;

    public int MovedFromBlocks;
    public int MovedFromLeaf;

    /// <summary>It has finished, or goes on elsewhere: it leaves the batch.</summary>
    public bool Leaves;

    /// <summary>An iteration has worked on it.</summary>
    public bool Started;

    public Picoseconds Admitted;
    public Picoseconds FirstToken;
    public Picoseconds LastToken;
    public DecodeRandom Random;
    public ImmutableArray<long> PrefixBlocks;

    public readonly bool InPrefill => Computed < PrefillTokens;

    public readonly int Remaining => OutputTokens - Generated;
}
