using System.Runtime.InteropServices;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Batches;

/// <summary>
/// The operators of one iteration of a decoder-only model for a batch of unequal sequences, built without running the engine. For sequences
/// that are all alike they are those that the engine records. Rows of all groups go through the dense operators together; each group has an
/// attention of its own, in which the contexts of its sequences are taken as their mean. Blocks are kept and shared between steps, so that
/// only what depends on the cache is made anew. Not thread-safe.
/// </summary>
public sealed class BatchSteps
{
    // A kept block takes a kilobyte or two. Loads meet the same few thousand shapes again and again; beyond that, start over.
    // Batches of which every sequence has an attention of its own have larger ones: these are bounded by their operators.
    private const int KeptBlocks = 4096;
    private const int KeptOperators = 1 << 17;

    private readonly ModelShape _shape;
    private readonly bool _writesByGroup;
    private int _layerOperators;
    private readonly DecoderBlocks _blocks;
    private readonly Dictionary<(int Rows, Phase Phase), StepBlock> _embeddings = [];
    private readonly Dictionary<(int Rows, Phase Phase, int Attentions), StepBlock> _layers = [];
    private readonly Dictionary<(int Rows, int Sampled, Phase Phase), StepBlock> _heads = [];

    /// <summary>Builds steps of a model.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="writesByGroup">
    /// Each group has a cache write of its own, for devices on which it matters where in its cache a token lies; otherwise one writes for all, in
    /// which sequences and contexts are those that come nearest to the batch.
    /// </param>
    public BatchSteps(ModelShape shape, bool writesByGroup = false)
    {
        _writesByGroup = writesByGroup;
        ArgumentNullException.ThrowIfNull(shape);
        _shape = shape;
        _blocks = new DecoderBlocks(shape);
    }

    /// <summary>One iteration. It commits the tokens that are chosen.</summary>
    /// <param name="index">Number of the step in its trace.</param>
    /// <param name="groups">The batch; the order of groups is the order of their attentions.</param>
    /// <exception cref="ArgumentException">There are no groups, or one is none (<see cref="SequenceGroup.Fault"/>).</exception>
    /// <exception cref="PimSimUserException">A context longer than the model's positions, or 2^31 rows.</exception>
    public Step Build(int index, ReadOnlySpan<SequenceGroup> groups)
    {
        (int rows, int sequences, int sampled, long contextTokens, Phase phase) = Check(groups);
        if (!_embeddings.TryGetValue((rows, phase), out StepBlock? embedding))
        {
            embedding = Keep(_embeddings, (rows, phase), _blocks.Embedding(rows, phase));
        }

        if (!_layers.TryGetValue((rows, phase, groups.Length), out StepBlock? layers))
        {
            layers = _blocks.Layers(rows, phase, Appends(groups.Length), groups.Length);
            _layerOperators = (_layers.Count == KeptBlocks ? 0 : _layerOperators) + layers.Operators.Length;
            if (_layerOperators > KeptOperators)
            {
                _layers.Clear();
                _layerOperators = layers.Operators.Length;
            }

            Keep(_layers, (rows, phase, groups.Length), layers);
        }

        if (!_heads.TryGetValue((rows, sampled, phase), out StepBlock? head))
        {
            head = Keep(_heads, (rows, sampled, phase), _blocks.Head(rows, sampled, phase));
        }

        return new Step(index, phase, [embedding, OverCache(layers, groups, phase, rows, sequences, contextTokens), head], sampled);
    }

    private (int Rows, int Sequences, int Sampled, long ContextTokens, Phase Phase) Check(ReadOnlySpan<SequenceGroup> groups)
    {
        if (groups.IsEmpty)
        {
            throw new ArgumentException("a batch without sequences", nameof(groups));
        }

        long rows = 0, sequences = 0, sampled = 0, contextTokens = 0;
        Phase phase = Phase.Decode;
        foreach (ref readonly SequenceGroup group in groups)
        {
            if (group.Fault is { } fault)
            {
                throw new ArgumentException(fault, nameof(groups));
            }

            if (group.MeanContext > _shape.MaxPositions)
            {
                throw new PimSimUserException($"a context of {group.MeanContext} tokens is too long for {_shape.Name}, which has {_shape.MaxPositions} positions");
            }

            rows += group.Rows;
            sequences += group.Sequences;
            sampled += group.Sampled;
            contextTokens += group.ContextTokens;
            phase = group.Phase == Phase.Prefill ? Phase.Prefill : phase;
        }

        return rows <= _shape.MostStepTokens
            ? ((int)rows, (int)sequences, (int)sampled, contextTokens, phase)
            : throw new PimSimUserException($"a batch of {rows} tokens is more than PimSim runs at once; {_shape.MostStepTokens} are the most");
    }

    private StepBlock OverCache(StepBlock kept, ReadOnlySpan<SequenceGroup> groups, Phase phase, int rows, int sequences, long contextTokens)
    {
        Operator[] operators = new Operator[kept.Operators.Length];
        kept.Operators.CopyTo(operators);

        // One operator spreads its rows evenly. Where the batch does not, its rows stand in as many equal shares as come nearest.
        int shares = EqualShares.Most(rows, sequences);
        int context = (int)Math.Max((contextTokens + sequences - 1) / sequences, rows / shares);
        int append = _blocks.AppendPlace;
        for (int place = _shape.Position == PositionKind.Rotary ? append - 1 : append; place <= append; place++)
        {
            operators[place] = operators[place] with { Sequences = shares, Context = context };
        }

        for (int i = 0; i < groups.Length; i++)
        {
            ref readonly SequenceGroup group = ref groups[i];
            Over(ref operators[append + Appends(groups.Length) + i], group, phase);
            if (_writesByGroup)
            {
                Over(ref operators[append + i], group, phase);
            }
        }

        return new StepBlock(ImmutableCollectionsMarshal.AsImmutableArray(operators), kept.Repeat) { Sources = kept.Sources };
    }

    private int Appends(int groups) => _writesByGroup ? groups : 1;

    private static void Over(ref Operator op, in SequenceGroup group, Phase phase) => op = op with
    {
        Phase = phase,
        Rows = (int)group.Rows,
        Sequences = group.Sequences,
        Context = (int)group.MeanContext,
    };

    private static StepBlock Keep<TKey>(Dictionary<TKey, StepBlock> kept, TKey key, StepBlock block)
        where TKey : notnull
    {
        if (kept.Count == KeptBlocks)
        {
            kept.Clear();
        }

        kept.Add(key, block);
        return block;
    }
}
