using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>
/// Speculative Jacobi Decoding (Teng et al., arXiv 2410.01699): each pass looks at the newest token and a window of guesses, which are what the pass
/// before sampled at their places; a guess stands with the ratio of its new and its old probability. Grouped Speculative Decoding (So et al., arXiv
/// 2508.07747) compares the probabilities of the guess and of its neighbours in the sorted list. Settings: <c>window</c> rows of a pass, 1 for plain
/// sampling; <c>group</c> tokens that are compared together, 1 for the exact rule; <c>guidance</c> scale, 0 for none, else each text is computed twice;
/// <c>temperature</c> 0 for the most likely token, else 1; <c>topK</c> of sampling, which is cost alone; <c>tokensPerStep</c> mean number that become
/// final in a pass, where there is no data.
/// </summary>
public sealed class JacobiSpeculation : ITechnique
{
    /// <summary>Name of the decision: guesses of a pass that stand.</summary>
    public const string AcceptedDecision = "accepted";

    /// <inheritdoc/>
    public string Name => "jacobi-speculation";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        if (session.HasData && request.Sequences > 1)
        {
            throw new PimSimUserException($"speculation on data runs one sequence, not {request.Sequences}: each would accept another number of tokens");
        }

        Window<TTensor> window = new(session, request);
        window.Prefill(prompt.Span);
        yield return session.Commit(request.Sequences);
        int generated = 1;
        while (generated < request.GeneratedTokens)
        {
            int final = window.Pass(request.GeneratedTokens - generated);
            generated += final;
            yield return session.Commit(final * request.Sequences);
        }
    }

    private sealed class Window<TTensor>
        where TTensor : ITensor
    {
        private readonly EngineSession<TTensor> _session;
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Decoder<Recorded<TTensor>> _decoder;
        private readonly KeyValues[] _caches;
        private readonly int _texts;
        private readonly int _rows;
        private readonly int _group;
        private readonly int _topK;
        private readonly double _guidance;
        private readonly bool _isGreedy;
        private readonly double _meanAccepted;
        private readonly int[] _guesses;
        private readonly float[]?[] _odds;
        private readonly int[] _sorted;
        private int _newest;

        public Window(EngineSession<TTensor> session, GenerationRequest request)
        {
            TechniqueSettings settings = request.Settings;
            (_session, _net, _decoder, _texts) = (session, session.Network, session.Decoder, request.Sequences);
            int vocab = _decoder.Shape.Vocab;
            _rows = settings.Integer("window", 1, 1024);
            _group = settings.Integer("group", 1, vocab);
            _topK = Math.Min(vocab, settings.Integer("topK"));
            _guidance = settings.Number("guidance", 0, 100);
            _isGreedy = settings.Integer("temperature", 0, 1) == 0;
            _meanAccepted = settings.Number("tokensPerStep", 1, _rows) - 1;
            _caches = _decoder.CreateCaches(Streams * _texts, checked(request.PromptTokens + request.GeneratedTokens + _rows));
            _guesses = new int[_rows - 1];
            _odds = new float[]?[_rows - 1];
            _sorted = _group > 1 ? new int[_texts * _rows * vocab] : [];
        }

        private int Streams => _guidance > 0 ? 2 : 1;

        /// <summary>Reads the prompt and samples the first token, in a step of its own.</summary>
        public void Prefill(ReadOnlySpan<int> prompt)
        {
            int length = prompt.Length / _texts;
            int[] tokens = new int[Streams * prompt.Length];
            for (int sequence = 0; sequence < Streams * _texts; sequence += Streams)
            {
                // The other stream of guidance reads as many padding tokens.
                prompt.Slice(sequence / Streams * length, length).CopyTo(tokens.AsSpan(sequence * length));
            }

            _session.Begin(length > 1 ? Phase.Prefill : Phase.Decode);
            Recorded<TTensor> features = _decoder.Forward(tokens, [.. Enumerable.Range(0, length)], _caches, AttentionPattern.Causal);
            Recorded<TTensor> odds = Odds(_decoder.LastHead(features, Streams * _texts), 1);
            if (_session.HasData)
            {
                _newest = Choose(_net.Row(odds, 0));
                _session.Decide(EngineSession<TTensor>.TokensDecision, _newest);
                for (int place = 0; place < _guesses.Length; place++)
                {
                    Guess(place, null);
                }
            }
        }

        /// <summary>One pass, without committing it; how many tokens it made final, at most <paramref name="most"/>.</summary>
        public int Pass(int most)
        {
            int length = _caches[0].Length;
            int[] own = [_newest, .. _guesses];
            int[] tokens = [.. Enumerable.Range(0, Streams * _texts).SelectMany(_ => own)];
            _session.Begin(_rows > 1 ? Phase.Verify : Phase.Decode);
            Recorded<TTensor> features = _decoder.Forward(tokens, [.. Enumerable.Range(length, _rows)], _caches, AttentionPattern.Causal);
            Recorded<TTensor> odds = Odds(_decoder.Head(features), _rows);
            List<int> text = [];
            int compared = Math.Min(_guesses.Length, most - 1);
            int accepted = _rows == 1 ? 0 : _session.Decide(
                AcceptedDecision,
                () => Judge(odds, compared, text),
                draws => draws.Mean(AcceptedDecision, _meanAccepted, 0, compared));
            for (int check = 0; check < Math.Min(accepted + 1, compared) && _group > 1; check++)
            {
                // The reference sorts all rows of the window for each guess that it looks at.
                _net.TopK(odds, _decoder.Shape.Vocab, _sorted, OperatorRole.Sample);
            }

            foreach (KeyValues cache in _caches)
            {
                cache.Truncate(length + 1 + accepted);
            }

            if (!_session.HasData)
            {
                return accepted + 1;
            }

            if (text.Count == accepted)
            {
                text.Add(Choose(_net.Row(odds, accepted)));
            }

            _newest = text[^1];
            for (int place = 0; place < _guesses.Length; place++)
            {
                int row = accepted + 1 + place;
                Guess(place, row < _rows ? _net.Row(odds, row).ToArray() : null);
            }

            _session.Decide(EngineSession<TTensor>.TokensDecision, [.. text.Select(token => (long)token)]);
            return text.Count;
        }

        /// <summary>Probabilities of what follows each row, [texts x rows, vocabulary], and a sample of each.</summary>
        private Recorded<TTensor> Odds(Recorded<TTensor> logits, int rows)
        {
            if (Streams == 2)
            {
                if (rows > 1)
                {
                    logits = _net.Rows(
                        logits,
                        [.. Enumerable.Range(0, logits.Rows).Select(row =>
                        {
                            (int pair, int stream) = Math.DivRem(row, 2);
                            (int text, int place) = Math.DivRem(pair, rows);
                            return (((text * 2) + stream) * rows) + place;
                        })],
                        OperatorRole.Sample);
                }

                logits = _net.Mix(logits, [.. Enumerable.Range(0, logits.Rows).Select(row => (float)(row % 2 == 0 ? _guidance : 1 - _guidance))], 2);
            }

            if (_topK > 0)
            {
                _net.TopK(logits, _topK, new int[logits.Rows * _topK], OperatorRole.Sample);
            }

            Recorded<TTensor> odds = _net.Softmax(logits, OperatorRole.Sample);
            _net.Sample(odds, new int[odds.Rows]);
            return odds;
        }

        /// <summary>Guesses that stand, from the first on; a rejected one is replaced by a sample of what the guess leaves of the new probabilities.</summary>
        private int Judge(Recorded<TTensor> odds, int compared, List<int> text)
        {
            for (int place = 0; place < compared; place++)
            {
                ReadOnlySpan<float> now = _net.Row(odds, place);
                int guess = _guesses[place];
                if (_isGreedy)
                {
                    if (guess != Choose(now))
                    {
                        text.Add(Choose(now));
                        return place;
                    }
                }
                else
                {
                    float[] before = Before(place, now.Length);
                    if (!Stands(now, before, guess))
                    {
                        text.Add(ChooseRest(now, before));
                        return place;
                    }
                }

                text.Add(guess);
            }

            return compared;
        }

        private float[] Before(int place, int vocab) => _odds[place] ?? [.. Enumerable.Repeat(1f / vocab, vocab)];

        /// <summary>Whether a guess stands: by its probability, or by that of the group of tokens whose new probabilities are next to its own.</summary>
        private bool Stands(ReadOnlySpan<float> now, ReadOnlySpan<float> before, int guess)
        {
            double uniform = _session.Draws.Uniform(AcceptedDecision);
            if (_group == 1)
            {
                return uniform * (double)before[guess] < now[guess];
            }

            float[] keys = now.ToArray();
            int[] sorted = [.. Enumerable.Range(0, keys.Length).OrderBy(token => keys[token]).ThenBy(token => token)];
            int first = Math.Clamp(Array.IndexOf(sorted, guess) - (_group / 2), 0, sorted.Length - _group);
            (double was, double isNow) = (0, 0);
            foreach (int token in sorted.AsSpan(first, _group))
            {
                was += before[token];
                isNow += now[token];
            }

            return uniform * was < isNow;
        }

        private void Guess(int place, float[]? odds)
        {
            int vocab = _decoder.Shape.Vocab;
            _odds[place] = odds;
            _guesses[place] = odds is null ? Math.Min(vocab - 1, (int)(_session.Draws.Uniform("guess") * vocab)) : Choose(odds);
        }

        private int ChooseRest(ReadOnlySpan<float> now, float[] before)
        {
            float[] rest = new float[now.Length];
            for (int token = 0; token < rest.Length; token++)
            {
                rest[token] = Math.Max(0, now[token] - before[token]);
            }

            return rest.Sum() > 0 ? Choose(rest) : Choose(now);
        }

        /// <summary>The most likely token, or a sample; the weights need not add up to one.</summary>
        private int Choose(ReadOnlySpan<float> odds)
        {
            if (_isGreedy)
            {
                return System.Numerics.Tensors.TensorPrimitives.IndexOfMax(odds);
            }

            double sum = 0;
            foreach (float share in odds)
            {
                sum += share;
            }

            return TokenDistribution.Draw(odds, _session.Draws.Uniform("sample") * sum);
        }
    }
}
