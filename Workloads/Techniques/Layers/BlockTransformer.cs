using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Layers;

/// <summary>
/// Block Transformer (Ho et al., arXiv 2406.02657): a block decoder reads one row for every few tokens, and its cache is as much shorter; a token decoder
/// writes the tokens of a block one by one from what the block decoder made, sees nothing but its block, and forgets it at the end. Prompts go through
/// the block decoder alone. Models of the family <c>block-transformer</c>: <c>blockLayers</c>, <c>tokenLayers</c>, <c>hidden</c>, <c>heads</c>,
/// <c>vocab</c>, <c>blockLength</c> tokens of a block, <c>prefixRows</c> that the token decoder begins with. No settings.
/// </summary>
public sealed class BlockTransformer : ITechnique
{
    /// <inheritdoc/>
    public string Name => "block-transformer";

    /// <inheritdoc/>
    public string ModelFamily => "block-transformer";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        NetworkShape sizes = session.Shape!;
        int length = sizes["blockLength"];
        if (request.PromptTokens % length != 0)
        {
            throw new PimSimUserException($"a prompt of {request.PromptTokens} tokens is not made of whole blocks of {length}, which '{sizes.Name}' reads");
        }

        int sequences = request.Sequences;
        Model<TTensor> model = new(session, request);
        int[] block = prompt.ToArray();
        int[] next = new int[sequences];
        for (int generated = 0; generated < request.GeneratedTokens; generated += length)
        {
            session.Begin(generated == 0 ? Phase.Prefill : Phase.Decode);
            Recorded<TTensor> context = session.Network.Hold(model.ReadBlocks(block));
            yield return session.Commit(0);

            block = new int[sequences * length];
            for (int token = 0; token < Math.Min(length, request.GeneratedTokens - generated); token++)
            {
                session.Begin(Phase.Decode);
                session.Sample(model.NextToken(context, token == 0 ? [] : next), next);
                for (int sequence = 0; sequence < sequences; sequence++)
                {
                    block[(sequence * length) + token] = next[sequence];
                }

                yield return session.Commit(sequences);
            }

            model.ForgetBlock();
        }
    }

    private sealed class Model<TTensor>
        where TTensor : ITensor
    {
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly int _sequences;
        private readonly int _length;
        private readonly int _prefix;
        private readonly int _hidden;
        private readonly WeightTensor _embedder;
        private readonly Decoder<Recorded<TTensor>> _blocks;
        private readonly Decoder<Recorded<TTensor>> _tokens;
        private readonly LinearLayer _expansion;
        private readonly KeyValues[] _blockCaches;
        private readonly KeyValues[] _tokenCaches;

        public Model(EngineSession<TTensor> session, GenerationRequest request)
        {
            NetworkShape sizes = session.Shape!;
            ParameterSet parameters = session.Parameters;
            _net = session.Network;
            _sequences = request.Sequences;
            _length = sizes["blockLength"];
            _prefix = sizes["prefixRows"];
            _hidden = sizes["hidden"];
            if (_hidden % _length != 0)
            {
                throw new PimSimUserException($"'{sizes.Name}': a width of {_hidden} is not shared out among {_length} tokens of a block");
            }

            int vocab = sizes["vocab"];
            int positions = checked(request.PromptTokens + request.GeneratedTokens);
            _embedder = parameters.Table(vocab, _hidden / _length);
            _blocks = NewDecoder(sizes, parameters, sizes["blockLayers"], positions, new WeightTensor(parameters.Type, vocab, _hidden, []), head: null);
            _expansion = parameters.Linear(OperatorRole.Other, _hidden, _prefix * _hidden, bias: true);
            WeightTensor words = parameters.Table(vocab, _hidden);
            _tokens = NewDecoder(sizes, parameters, sizes["tokenLayers"], positions, words, parameters.Linear(OperatorRole.LmHead, _hidden, vocab));
            _blockCaches = _blocks.CreateCaches(_sequences, Math.Max(1, (request.PromptTokens + request.GeneratedTokens + _length - 1) / _length));
            _tokenCaches = _tokens.CreateCaches(_sequences, _prefix + _length - 1);
        }

        /// <summary>What the block decoder makes of the newest blocks: a row for each sequence, [sequences, hidden].</summary>
        public Recorded<TTensor> ReadBlocks(int[] tokens)
        {
            _net.BeginBlock();
            int blocks = tokens.Length / _length;
            Recorded<TTensor> x = _net.Reshape(_net.Embed(_embedder, tokens), blocks);
            x = Through(x, _blocks, _blockCaches);
            _net.BeginBlock();
            return _net.LastRows(_net.Norm(x, _blocks.Weights.FinalNorm), _sequences);
        }

        /// <summary>Logits of the next token of each sequence. The first of a block comes from the context, the others from the token before.</summary>
        public Recorded<TTensor> NextToken(Recorded<TTensor> context, int[] before)
        {
            Recorded<TTensor> x;
            if (before.Length == 0)
            {
                _net.BeginBlock();
                x = _net.Reshape(_net.Linear(context, _expansion), _sequences * _prefix);
            }
            else
            {
                x = _tokens.Embed(before, [0]);
            }

            return _tokens.LastHead(Through(x, _tokens, _tokenCaches), _sequences);
        }

        /// <summary>The token decoder keeps nothing of a block that is written.</summary>
        public void ForgetBlock()
        {
            foreach (KeyValues cache in _tokenCaches)
            {
                cache.Truncate(0);
            }
        }

        private Recorded<TTensor> Through(Recorded<TTensor> x, Decoder<Recorded<TTensor>> decoder, KeyValues[] caches)
        {
            int[] positions = [.. Enumerable.Range(caches[0].Length, x.Rows / _sequences)];
            for (int layer = 0; layer < caches.Length; layer++)
            {
                x = decoder.Layer(x, layer, positions, caches[layer], AttentionPattern.Causal);
            }

            return x;
        }

        /// <summary>A GPT-NeoX decoder. Attention and feed-forward follow each other: as many operators as side by side.</summary>
        private Decoder<Recorded<TTensor>> NewDecoder(NetworkShape sizes, ParameterSet parameters, int layers, int positions, WeightTensor words, LinearLayer? head)
        {
            int heads = sizes["heads"];
            ModelShape shape = new()
            {
                Name = sizes.Name,
                Layers = layers,
                Hidden = _hidden,
                Heads = heads,
                KvHeads = heads,
                HeadDim = _hidden / heads,
                Ffn = 4 * _hidden,
                Activation = ActivationKind.Gelu,
                Norm = NormKind.LayerNorm,
                Position = PositionKind.Rotary,
                Biases = BiasKind.All,
                Vocab = words.Rows,
                MaxPositions = positions,
                Tied = false,
                WeightType = sizes.WeightType,
                ActivationType = sizes.ActivationType,
                KvType = sizes.KvType,
            };
            DecoderLayer[] all = [.. Enumerable.Range(0, layers).Select(_ => DecoderWeights.Declare(shape, parameters))];
            NormLayer last = parameters.Norm(OperatorRole.FinalNorm, _hidden, NormKind.LayerNorm);
            return new(_net, new DecoderWeights(shape, new ModelNumerics(), words, null, all, last, head ?? new LinearLayer(OperatorRole.LmHead, words)));
        }
    }
}
