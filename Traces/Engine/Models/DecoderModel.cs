using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Models;

/// <summary>
/// A decoder-only transformer with pre-norm blocks (GPT-2, OPT, LLaMA, GPT-NeoX, Qwen 3, mixtures of experts and their kin), written once for all backends.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
public sealed class DecoderModel<TTensor>
    where TTensor : ITensor
{
    private readonly IBackend<TTensor> _backend;
    private readonly ModelShape _shape;

    /// <summary>Runs the model that <paramref name="backend"/> holds.</summary>
    public DecoderModel(IBackend<TTensor> backend)
    {
        ArgumentNullException.ThrowIfNull(backend);
        _backend = backend;
        _shape = backend.Shape;
    }

    /// <summary>Processes new tokens, sequence by sequence and equally many of each, and appends them to the cache.</summary>
    /// <returns>The logits that follow the last token of each sequence: [sequences, vocabulary].</returns>
    /// <exception cref="PimSimUserException">The cache has no room for them, or they are too many for one step.</exception>
    /// <exception cref="ArgumentException">The tokens cannot be spread evenly over the sequences.</exception>
    public TTensor Forward(ReadOnlySpan<int> tokens, KvCache cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        if (tokens.IsEmpty || tokens.Length % cache.Sequences != 0)
        {
            throw new ArgumentException($"{tokens.Length} tokens are not equally many for each of {cache.Sequences} sequences", nameof(tokens));
        }

        if (tokens.Length > _shape.MostStepTokens)
        {
            throw new PimSimUserException($"{tokens.Length} tokens of {_shape.Name} are more than PimSim runs at once; {_shape.MostStepTokens} are the most");
        }

        cache.Extend(tokens.Length / cache.Sequences);

        TTensor x = Embed(tokens, cache);
        for (int layer = 0; layer < _shape.Layers; layer++)
        {
            x = Block(x, cache, layer);
        }

        _backend.BeginBlock();
        x = _backend.Norm(x, OperatorRole.FinalNorm, 0);
        x = _backend.LastRows(x, cache.Sequences);
        return _backend.Linear(x, OperatorRole.LmHead, 0);
    }

    private TTensor Embed(ReadOnlySpan<int> tokens, KvCache cache)
    {
        _backend.BeginBlock();
        TTensor x = _backend.Embed(tokens);
        return _shape.Position == PositionKind.Learned
            ? _backend.Add(x, _backend.EmbedPositions(tokens.Length, cache), OperatorRole.Embedding)
            : x;
    }

    private TTensor Block(TTensor x, KvCache cache, int layer)
    {
        _backend.BeginBlock();
        TTensor qkv = _backend.Linear(_backend.Norm(x, OperatorRole.AttentionNorm, layer), OperatorRole.QkvProjection, layer);
        if (_shape.QueryKeyNorm)
        {
            qkv = _backend.NormHeads(_backend.NormHeads(qkv, OperatorRole.QueryNorm, layer), OperatorRole.KeyNorm, layer);
        }

        if (_shape.Position == PositionKind.Rotary)
        {
            qkv = _backend.Rope(qkv, cache);
        }

        _backend.AppendKv(qkv, cache, layer);
        TTensor attended = _backend.Linear(_backend.Attention(qkv, cache, layer), OperatorRole.OutputProjection, layer);
        if (_shape.ParallelResidual)
        {
            TTensor down = FeedForward(x, layer);
            return _backend.Add(_backend.Add(x, attended, OperatorRole.Residual), down, OperatorRole.Residual);
        }

        x = _backend.Add(x, attended, OperatorRole.Residual);
        return _backend.Add(x, FeedForward(x, layer), OperatorRole.Residual);
    }

    private TTensor FeedForward(TTensor x, int layer)
    {
        TTensor input = _backend.Norm(x, OperatorRole.FfnNorm, layer);
        if (_shape.HasExperts)
        {
            ExpertChoice choice = _backend.ChooseExperts(_backend.Linear(input, OperatorRole.Router, layer), layer);
            TTensor inside = _backend.Activate(_backend.ExpertsUp(input, choice, layer));
            return _backend.ExpertsDown(inside, choice, layer);
        }

        TTensor up = _backend.Linear(input, OperatorRole.FfnUp, layer);
        return _backend.Linear(_backend.Activate(up), OperatorRole.FfnDown, layer);
    }
}
