using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Models;

/// <summary>
/// An encoder-decoder transformer with pre-norm blocks, written once for all backends. The keys and values of cross-attention are computed
/// once per input, when it is encoded.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
public sealed class EncoderDecoderModel<TTensor>
    where TTensor : ITensor
{
    private readonly IEncoderDecoderBackend<TTensor> _backend;
    private readonly EncoderDecoderShape _shape;

    /// <summary>Runs the model that <paramref name="backend"/> holds.</summary>
    public EncoderDecoderModel(IEncoderDecoderBackend<TTensor> backend)
    {
        ArgumentNullException.ThrowIfNull(backend);
        _backend = backend;
        _shape = backend.Shape;
    }

    /// <summary>Reads an input, sequence by sequence and equally many tokens of each; what was read before is forgotten.</summary>
    /// <param name="tokens">The input.</param>
    /// <param name="cross">Receives the keys and values of cross-attention.</param>
    /// <exception cref="Format.Documents.PimSimUserException">More tokens than were reserved.</exception>
    /// <exception cref="ArgumentException">The tokens cannot be spread evenly over the sequences.</exception>
    public void Encode(ReadOnlySpan<int> tokens, KvCache cross)
    {
        ArgumentNullException.ThrowIfNull(cross);
        Extend(cross, tokens, length: 0);
        TTensor x = Embed(tokens, cross, ModelStack.Encoder);
        for (int layer = 0; layer < _shape.EncoderLayers; layer++)
        {
            _backend.BeginBlock();
            TTensor qkv = Project(x, ModelStack.Encoder, OperatorRole.AttentionNorm, OperatorRole.QkvProjection, layer);
            TTensor attended = _backend.EncoderAttention(qkv, cross, layer);
            x = AddProjected(x, attended, ModelStack.Encoder, OperatorRole.OutputProjection, layer);
            x = FeedForward(x, ModelStack.Encoder, layer);
        }

        // One block: what the encoder has read is needed by every layer, and a tensor need not outlive the block after its own.
        _backend.BeginBlock();
        x = _backend.Norm(x, ModelStack.Encoder, OperatorRole.FinalNorm, 0);
        for (int layer = 0; layer < _shape.DecoderLayers; layer++)
        {
            _backend.AppendCrossKv(_backend.Linear(x, ModelStack.Decoder, OperatorRole.CrossKvProjection, layer), cross, layer);
        }
    }

    /// <summary>Processes new tokens of the output, sequence by sequence and equally many of each, and appends them to the cache.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="cache">The decoder's own keys and values.</param>
    /// <param name="cross">What <see cref="Encode"/> has filled.</param>
    /// <returns>The logits that follow the last token of each sequence: [sequences, vocabulary].</returns>
    /// <exception cref="Format.Documents.PimSimUserException">The cache has no room for them.</exception>
    /// <exception cref="ArgumentException">The tokens cannot be spread evenly over the sequences.</exception>
    /// <exception cref="InvalidOperationException">Nothing has been encoded.</exception>
    public TTensor Forward(ReadOnlySpan<int> tokens, KvCache cache, KvCache cross)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(cross);
        if (cross.Length == 0)
        {
            throw new InvalidOperationException("the decoder cannot run before an input has been encoded");
        }

        if (cross.Sequences != cache.Sequences)
        {
            throw new ArgumentException($"{cache.Sequences} sequences cannot be generated from inputs of {cross.Sequences}", nameof(cross));
        }

        Extend(cache, tokens, cache.Length);
        TTensor x = Embed(tokens, cache, ModelStack.Decoder);
        for (int layer = 0; layer < _shape.DecoderLayers; layer++)
        {
            _backend.BeginBlock();
            TTensor qkv = Project(x, ModelStack.Decoder, OperatorRole.AttentionNorm, OperatorRole.QkvProjection, layer);
            _backend.AppendKv(qkv, cache, layer);
            x = AddProjected(x, _backend.Attention(qkv, cache, layer), ModelStack.Decoder, OperatorRole.OutputProjection, layer);

            TTensor query = Project(x, ModelStack.Decoder, OperatorRole.CrossAttentionNorm, OperatorRole.CrossQueryProjection, layer);
            x = AddProjected(x, _backend.CrossAttention(query, cross, layer), ModelStack.Decoder, OperatorRole.CrossOutputProjection, layer);
            x = FeedForward(x, ModelStack.Decoder, layer);
        }

        _backend.BeginBlock();
        x = _backend.Norm(x, ModelStack.Decoder, OperatorRole.FinalNorm, 0);
        x = _backend.LastRows(x, cache.Sequences);
        return _backend.Linear(x, ModelStack.Decoder, OperatorRole.LmHead, 0);
    }

    private static void Extend(KvCache cache, ReadOnlySpan<int> tokens, int length)
    {
        if (tokens.IsEmpty || tokens.Length % cache.Sequences != 0)
        {
            throw new ArgumentException($"{tokens.Length} tokens are not equally many for each of {cache.Sequences} sequences", nameof(tokens));
        }

        cache.Truncate(length);
        cache.Extend(tokens.Length / cache.Sequences);
    }

    private TTensor Embed(ReadOnlySpan<int> tokens, KvCache cache, ModelStack stack)
    {
        _backend.BeginBlock();
        TTensor x = _backend.Embed(tokens);
        return _shape.Position == EncoderDecoderPosition.Learned
            ? _backend.Add(x, _backend.EmbedPositions(tokens.Length, cache, stack), OperatorRole.Embedding)
            : x;
    }

    private TTensor Project(TTensor x, ModelStack stack, OperatorRole norm, OperatorRole matrix, int layer) =>
        _backend.Linear(_backend.Norm(x, stack, norm, layer), stack, matrix, layer);

    private TTensor AddProjected(TTensor x, TTensor attended, ModelStack stack, OperatorRole matrix, int layer) =>
        _backend.Add(x, _backend.Linear(attended, stack, matrix, layer), OperatorRole.Residual);

    private TTensor FeedForward(TTensor x, ModelStack stack, int layer)
    {
        TTensor up = Project(x, stack, OperatorRole.FfnNorm, OperatorRole.FfnUp, layer);
        return _backend.Add(x, _backend.Linear(_backend.Activate(up), stack, OperatorRole.FfnDown, layer), OperatorRole.Residual);
    }
}
