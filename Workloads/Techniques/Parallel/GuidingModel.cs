using System.Globalization;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// A small autoregressive decoder beside the model that looks at tokens proposed for the places behind a text, a chunk at a time, and says how many it
/// would have written itself. It has read all of the text but its newest token, and never writes. Settings: <c>guider</c> layers, hidden, heads,
/// key/value heads, head width, feed-forward width, vocabulary and 1 if the head is the table of tokens.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
internal sealed class GuidingModel<TTensor>
    where TTensor : ITensor
{
    private readonly EngineSession<TTensor> _session;
    private readonly Decoder<Recorded<TTensor>> _decoder;
    private readonly KeyValues[] _caches;

    /// <summary>Declares the weights and reserves caches.</summary>
    public GuidingModel(EngineSession<TTensor> session, TechniqueSettings settings, int sequences, int capacity)
    {
        _session = session;
        int[] sizes = [.. settings.Integers("guider", 0)];
        if (sizes.Length != 8)
        {
            throw new PimSim.Traces.Format.Documents.PimSimUserException($"setting 'guider' needs 8 numbers, not {sizes.Length.ToString(CultureInfo.InvariantCulture)}");
        }

        ModelShape own = session.Decoder.Shape;
        ModelShape shape = own with
        {
            Name = "guider",
            Layers = sizes[0],
            Hidden = sizes[1],
            Heads = sizes[2],
            KvHeads = sizes[3],
            HeadDim = sizes[4],
            Ffn = sizes[5],
            Vocab = sizes[6],
            Tied = sizes[7] == 1,
            Activation = ActivationKind.SwiGlu,
            Norm = NormKind.RmsNorm,
            Position = PositionKind.Rotary,
            Biases = BiasKind.Qkv,
            MaxPositions = int.MaxValue,
        };
        ParameterSet parameters = session.Parameters;
        WeightTensor tokens = parameters.Table(shape.Vocab, shape.Hidden);
        DecoderLayer[] layers = [.. Enumerable.Range(0, shape.Layers).Select(_ => DecoderWeights.Declare(shape, parameters))];
        NormLayer norm = parameters.Norm(OperatorRole.FinalNorm, shape.Hidden, NormKind.RmsNorm);
        LinearLayer head = shape.Tied ? new LinearLayer(OperatorRole.LmHead, tokens) : parameters.Linear(OperatorRole.LmHead, shape.Hidden, shape.Vocab);
        _decoder = new Decoder<Recorded<TTensor>>(session.Network, new DecoderWeights(shape, new ModelNumerics(), tokens, null, layers, norm, head));
        _caches = _decoder.CreateCaches(sequences, capacity);
    }

    /// <summary>Reads tokens without looking at what they predict.</summary>
    public void Read(ReadOnlySpan<int> tokens) => _ = Forward(tokens);

    /// <summary>The token that it would write behind each of these, which follow what it has read; of the first sequence.</summary>
    public int[] Next(ReadOnlySpan<int> tokens)
    {
        int[] next = new int[tokens.Length];
        _session.Network.Sample(_decoder.Head(Forward(tokens)), next);
        return next;
    }

    /// <summary>Forgets all but so many tokens.</summary>
    public void Truncate(int tokens)
    {
        foreach (KeyValues cache in _caches)
        {
            cache.Truncate(tokens);
        }
    }

    private Recorded<TTensor> Forward(ReadOnlySpan<int> tokens)
    {
        int sequences = _caches[0].Sequences;
        int length = _caches[0].Length;
        int[] positions = [.. Enumerable.Range(length, tokens.Length / sequences)];
        int[] known = [.. tokens];
        for (int row = 0; row < known.Length; row++)
        {
            known[row] = Math.Min(known[row], _decoder.Shape.Vocab - 1);
        }

        return _decoder.Forward(known, positions, _caches, AttentionPattern.Causal);
    }
}
