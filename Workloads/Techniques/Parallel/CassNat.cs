using System.Collections.Immutable;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques.Others;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// CASS-NAT (Fan et al., arXiv 2304.07611): CTC alignments say how many tokens a recording has and which frames are whose; an extractor that sees
/// nothing but these frames makes an embedding of each token, and one pass of a decoder writes all of them. Several alignments are sampled where CTC
/// is unsure, all are decoded at once, and an autoregressive decoder ranks them. Settings: <c>alignments</c>; <c>threshold</c> from which a frame is
/// sure; <c>neighbours</c> tokens whose frames are seen too; <c>rank</c> 1 for the autoregressive model, with an encoder of its own; 0 for none.
/// Sizes beside those of encoder and decoder: <c>extractorLayers</c>, <c>extractorFfn</c>, <c>selfLayers</c>, <c>mixLayers</c>, <c>natFfn</c>,
/// <c>natKernel</c>. On data the length of the text is what the alignments say, not what was asked for.
/// </summary>
public sealed class CassNat : ITechnique
{
    /// <inheritdoc/>
    public string Name => "cass-nat";

    /// <inheritdoc/>
    public string ModelFamily => SpeechAutoregressive.Family;

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        if (session.HasData && request.Sequences > 1)
        {
            throw new PimSimUserException($"CASS-NAT on data runs one recording, not {request.Sequences}: each would have another number of tokens");
        }

        TechniqueSettings settings = request.Settings;
        int copies = checked(settings.Integer("alignments", 1, 10_000) * request.Sequences);
        INetworkBackend<Recorded<TTensor>> net = session.Network;
        Model<TTensor> model = new(session, request, settings);

        session.Begin(Phase.Encode);
        Recorded<TTensor> encoded = model.Encoder.Forward(prompt.Span);
        net.BeginBlock();
        Recorded<TTensor> labels = net.Softmax(net.Linear(encoded, model.Ctc), OperatorRole.LmHead);
        int[] best = new int[2 * labels.Rows];
        Recorded<TTensor> likely = net.TopK(labels, 2, best, OperatorRole.Sample);
        ImmutableArray<CtcAlignment> alignments = session.HasData ? Sampled(session, best, likely, copies, settings.Number("threshold", 0, 1)) : [];
        int tokens = session.HasData ? alignments.Max(alignment => alignment.Tokens.Length) + 1 : request.GeneratedTokens + 1;
        session.Decide("tokensOfAlignments", session.HasData ? [.. alignments.Select(alignment => (long)alignment.Tokens.Length)] : [request.GeneratedTokens]);
        yield return session.Commit(0);

        session.Begin(Phase.Decode);
        int[] text = new int[copies * tokens];
        Recorded<TTensor> source = Copied(net, encoded, copies, request.Sequences);
        net.Sample(model.Decode(source, alignments, copies, tokens, settings.Integer("neighbours", 0, 100)), text);
        bool ranks = settings.Integer("rank", 0, 1) == 1;
        int winner = 0;
        if (ranks)
        {
            yield return session.Commit(0);
            session.Begin(Phase.Verify);
            winner = model.Rank(prompt.Span, text, alignments, copies, tokens);
        }

        // The program picks the text up token by token.
        net.HostWork(tokens * request.Sequences);
        int length = session.HasData ? alignments[winner].Tokens.Length : request.GeneratedTokens;
        if (session.HasData)
        {
            session.Decide("ranked", winner);
            session.Decide(EngineSession<TTensor>.TokensDecision, [.. text.Skip(winner * tokens).Take(length).Select(token => (long)token)]);
        }

        yield return session.Commit(length * request.Sequences);
    }

    private static ImmutableArray<CtcAlignment> Sampled<TTensor>(EngineSession<TTensor> session, int[] best, Recorded<TTensor> likely, int count, double threshold)
        where TTensor : ITensor
    {
        float[] probabilities = new float[best.Length];
        for (int frame = 0; frame < likely.Rows; frame++)
        {
            session.Network.Row(likely, frame).CopyTo(probabilities.AsSpan(2 * frame));
        }

        return [.. Enumerable.Range(0, count).Select(number =>
            CtcAlignment.Sample(best, probabilities, threshold, number == 0 ? null : () => session.Draws.Uniform("alignment")))];
    }

    /// <summary>The frames of each recording again for each of its alignments.</summary>
    private static Recorded<TTensor> Copied<TTensor>(INetworkBackend<Recorded<TTensor>> net, Recorded<TTensor> encoded, int copies, int sequences)
        where TTensor : ITensor
    {
        net.BeginBlock();
        int frames = encoded.Rows / sequences;
        int each = copies / sequences;
        return each == 1 ? encoded
            : net.Hold(net.Rows(encoded, [.. Enumerable.Range(0, copies).SelectMany(copy => Enumerable.Range(copy / each * frames, frames))], OperatorRole.Mixing));
    }

    private sealed class Model<TTensor>
        where TTensor : ITensor
    {
        private readonly EngineSession<TTensor> _session;
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly int _width;
        private readonly int _heads;
        private readonly int _sequences;
        private readonly (SpeechCrossAttention<TTensor> Attention, NormLayer Norm, LinearLayer Up, LinearLayer Down)[] _extractor;
        private readonly SpeechBlock<TTensor>[] _layers;
        private readonly NormLayer _norm;
        private readonly LinearLayer _head;
        private readonly SpeechEncoder<TTensor>? _rankEncoder;
        private readonly SpeechDecoder<TTensor>? _rankDecoder;

        public Model(EngineSession<TTensor> session, GenerationRequest request, TechniqueSettings settings)
        {
            (_session, _net, _sequences) = (session, session.Network, request.Sequences);
            NetworkShape shape = session.Shape!;
            ParameterSet parameters = session.Parameters;
            (_width, _heads) = (shape["hidden"], shape["heads"]);
            Encoder = new SpeechEncoder<TTensor>(session, shape, request.Sequences, request.PromptTokens);
            Ctc = parameters.Linear(OperatorRole.LmHead, _width, shape["vocab"], bias: true);
            int ffn = shape["extractorFfn"];
            _extractor = [.. Enumerable.Range(0, shape["extractorLayers"]).Select(_ => (
                new SpeechCrossAttention<TTensor>(session, _width, _heads),
                parameters.Norm(OperatorRole.FfnNorm, _width, NormKind.LayerNorm),
                parameters.Linear(OperatorRole.FfnUp, _width, ffn, bias: true),
                parameters.Linear(OperatorRole.FfnDown, ffn, _width, bias: true)))];
            int self = shape["selfLayers"];
            _layers = [.. Enumerable.Range(0, self + shape["mixLayers"]).Select(layer =>
                new SpeechBlock<TTensor>(session, _width, _heads, shape["natFfn"], shape["natKernel"], ActivationKind.Silu, source: layer >= self))];
            _norm = parameters.Norm(OperatorRole.FinalNorm, _width, NormKind.LayerNorm);
            _head = parameters.Linear(OperatorRole.LmHead, _width, shape["vocab"], bias: true);
            if (settings.Integer("rank", 0, 1) == 1)
            {
                _rankEncoder = new SpeechEncoder<TTensor>(session, shape, request.Sequences, request.PromptTokens);
                _rankDecoder = new SpeechDecoder<TTensor>(session, shape, SpeechMemory.KeysAndValues);
            }
        }

        public SpeechEncoder<TTensor> Encoder { get; }

        public LinearLayer Ctc { get; }

        /// <summary>Logits of all tokens of all alignments, [copies x tokens, vocab], in one pass.</summary>
        public Recorded<TTensor> Decode(Recorded<TTensor> source, ImmutableArray<CtcAlignment> alignments, int copies, int tokens, int neighbours)
        {
            KeyValueShape shape = new(_heads, _width / _heads, _session.Shape!.KvType);
            ImmutableArray<(int First, int Last)>[] spans = [.. alignments.Select(alignment => alignment.Spans)];
            var trigger = AttentionPattern.MaskedEach((copy, token, frame) => CtcAlignment.Sees(spans[copy], token, frame, neighbours));
            var text = AttentionPattern.MaskedEach((copy, _, token) => token < spans[copy].Length);
            float[] places = _session.HasData ? SpeechEncoder<TTensor>.Sinusoids(0, tokens, _width) : [];
            Recorded<TTensor> positions = _net.Hold(_net.Input(tokens, _width, places));
            Recorded<TTensor> x = _net.Input(copies * tokens, _width, _session.HasData ? [.. Enumerable.Repeat(places, copies).SelectMany(row => row)] : []);
            foreach ((SpeechCrossAttention<TTensor> attention, NormLayer norm, LinearLayer up, LinearLayer down) in _extractor)
            {
                _net.BeginBlock();
                KeyValues frames = _net.CreateKeyValues(shape, copies, source.Rows / copies);
                attention.Read(source, frames);
                x = attention.Forward(x, frames, trigger);
                x = _net.Add(x, _net.Linear(_net.Activate(_net.Linear(_net.Norm(x, norm), up), ActivationKind.Silu, OperatorRole.FfnActivation), down), OperatorRole.Residual);
            }

            foreach (SpeechBlock<TTensor> layer in _layers)
            {
                _net.BeginBlock();
                KeyValues? frames = layer.Source is null ? null : _net.CreateKeyValues(shape, copies, source.Rows / copies);
                layer.Source?.Read(source, frames!);
                x = layer.Forward(x, _net.CreateKeyValues(shape, copies, tokens), text, positions, frames);
            }

            _net.BeginBlock();
            return _net.Linear(_net.Norm(x, _norm), _head);
        }

        /// <summary>The alignment whose text the autoregressive model finds likeliest, token by token on average.</summary>
        public int Rank(ReadOnlySpan<int> prompt, int[] text, ImmutableArray<CtcAlignment> alignments, int copies, int tokens)
        {
            Recorded<TTensor> encoded = _rankEncoder!.Forward(prompt);
            _rankDecoder!.Read(Copied(_net, encoded, copies, _sequences), copies, tokens);
            int[] input = new int[text.Length];
            for (int row = 0; row < text.Length; row++)
            {
                input[row] = row % tokens == 0 ? 0 : text[row - 1];
            }

            Recorded<TTensor> probabilities = _net.Softmax(_rankDecoder.Forward(input, all: true), OperatorRole.LmHead);
            if (!_session.HasData)
            {
                return 0;
            }

            double[] scores = new double[copies];
            for (int copy = 0; copy < copies; copy++)
            {
                int length = Math.Max(1, alignments[copy].Tokens.Length);
                for (int token = 0; token < length; token++)
                {
                    int row = (copy * tokens) + token;
                    scores[copy] += Math.Log(_net.Row(probabilities, row)[text[row]]) / length;
                }
            }

            return Array.IndexOf(scores, scores.Max());
        }
    }
}
