using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// Masked diffusion (Dream, LLaDA), FreeCache and Guided Diffusion (FlashDLM, arXiv 2505.21467): every step runs the model over places that see each
/// other and gives tokens to the masked places it is surest of. FreeCache runs only a window of places and keeps the keys and values of the others;
/// Guided Diffusion gives tokens to as many places from the left as a small autoregressive model would have written the same.
/// Settings: <c>tokensPerStep</c>; <c>block</c> places filled before any behind them, 0 for all; <c>cached</c> 1 for FreeCache, with
/// <c>before</c> places run before the block (or the first masked place when guided) and <c>after</c> from it on, 0 for all; <c>shifted</c> 1 if the
/// logits of a place are of the next; <c>maskToken</c>; <c>guided</c>, <c>guider</c> (<see cref="GuidingModel{TTensor}"/>), <c>chunk</c> tokens that it
/// looks at in a pass, <c>acceptedTokens</c> mean places filled in a step, where there is no data.
/// </summary>
public sealed class MaskedDiffusion : ITechnique
{
    /// <summary>Decision: places that were given tokens in a step; where there is no data, how many.</summary>
    public const string FilledDecision = "filled";

    /// <summary>Decision: tokens from the left that the guiding model would have written too.</summary>
    public const string MatchedDecision = "matched";

    /// <summary>Decision: tokens that the model proposed for the places that the guiding model looks at.</summary>
    public const string ProposedDecision = "proposed";

    /// <inheritdoc/>
    public string Name => "masked-diffusion";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        if (session.HasData && request.Sequences > 1)
        {
            throw new PimSimUserException($"masked diffusion on data runs one sequence, not {request.Sequences}: each would fill other places");
        }

        TechniqueSettings settings = request.Settings;
        bool guided = settings.Integer("guided", 0, 1) == 1;
        int perStep = settings.Integer("tokensPerStep", 1, 4096);
        int block = settings.Integer("block") is > 0 and var places && !guided ? places : request.GeneratedTokens;
        int mask = Math.Min(settings.Integer("maskToken"), session.Decoder.Shape.Vocab - 1);
        Canvas canvas = new(prompt.Span[..request.PromptTokens], request.GeneratedTokens, mask);
        Denoiser<TTensor> denoiser = new(session, settings, canvas, request.Sequences);
        GuidingModel<TTensor>? guide = null;
        if (guided)
        {
            guide = new(session, settings, request.Sequences, canvas.Length + settings.Integer("chunk", 1, 4096));
            if (request.PromptTokens > 1)
            {
                session.Begin(Phase.Prefill);
                guide.Read(Repeated(canvas.Tokens[..(request.PromptTokens - 1)], request.Sequences));
                yield return session.Commit(0);
            }
        }

        while (canvas.Masked > 0)
        {
            int first = canvas.FirstMasked;
            int start = guided ? first : canvas.Prompt + ((first - canvas.Prompt) / block * block);
            int end = guided ? canvas.Length : Math.Min(canvas.Length, start + block);
            int[] open = canvas.MaskedIn(start, end);
            session.Begin(Phase.Denoise);
            (int[] tokens, double[] confidences) = denoiser.Step(start, guided ? start + 1 : end, open);
            open = open[..tokens.Length];
            if (guide is not null)
            {
                yield return session.Commit(0);
                session.Begin(Phase.Verify);
                int filled = Guide(session, guide, canvas, open, tokens, settings, request.Sequences);
                Fill(session, canvas, [.. open.Take(filled)], [.. tokens.Take(filled)]);
                yield return session.Commit(filled * request.Sequences);
                continue;
            }

            int[] best = [.. Enumerable.Range(0, open.Length).OrderByDescending(place => confidences[place]).ThenBy(place => place).Take(perStep).Order()];
            Fill(session, canvas, [.. best.Select(place => open[place])], [.. best.Select(place => tokens[place])]);
            yield return session.Commit(best.Length * request.Sequences);
        }
    }

    /// <summary>How many of the proposed tokens are taken: those that match, or one.</summary>
    private static int Guide<TTensor>(
        EngineSession<TTensor> session, GuidingModel<TTensor> guide, Canvas canvas, int[] open, int[] tokens, TechniqueSettings settings, int sequences)
        where TTensor : ITensor
    {
        int chunk = settings.Integer("chunk", 1, 4096);
        int drawn = session.HasData ? 0 : session.Draws.Mean(MatchedDecision, settings.Number("acceptedTokens", 1, 1e6), 1, open.Length);
        int read = open[0] - 1;
        int matched = 0;
        for (int from = 0; from < open.Length && matched == from; from += chunk)
        {
            int count = Math.Min(chunk, open.Length - from);
            int[] input = [from == 0 ? canvas.Tokens[read] : tokens[from - 1], .. tokens.Skip(from).Take(count - 1)];
            int[] next = guide.Next(Repeated(input, sequences));
            if (session.HasData)
            {
                matched += Enumerable.Range(0, count).TakeWhile(place => next[place] == tokens[from + place]).Count();
            }
            else
            {
                matched = Math.Min(drawn, from + count);
            }
        }

        if (session.HasData)
        {
            session.Decide(ProposedDecision, [.. tokens.Select(token => (long)token)]);
        }

        session.Decide(MatchedDecision, matched);
        int filled = Math.Max(1, matched);
        guide.Truncate(read + filled);
        return filled;
    }

    private static void Fill<TTensor>(EngineSession<TTensor> session, Canvas canvas, int[] places, int[] tokens)
        where TTensor : ITensor
    {
        for (int number = 0; number < places.Length; number++)
        {
            canvas.Fill(places[number], tokens[number]);
        }

        if (session.HasData)
        {
            session.Decide(FilledDecision, [.. places.Select(place => (long)place)]);
            session.Decide(EngineSession<TTensor>.TokensDecision, [.. tokens.Select(token => (long)token)]);
        }
        else
        {
            session.Decide(FilledDecision, places.Length);
        }
    }

    private static int[] Repeated(ReadOnlySpan<int> tokens, int sequences)
    {
        int[] all = new int[tokens.Length * sequences];
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            tokens.CopyTo(all.AsSpan(sequence * tokens.Length));
        }

        return all;
    }

    /// <summary>The model without a causal mask, over a window of the canvas. A cache knows no order: which place a key stands for is kept beside it.</summary>
    private sealed class Denoiser<TTensor>
        where TTensor : ITensor
    {
        private readonly EngineSession<TTensor> _session;
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Canvas _canvas;
        private readonly KeyValues[] _caches;
        private readonly int _sequences;
        private readonly bool _cached;
        private readonly int _before;
        private readonly int _after;
        private readonly int _shift;
        private List<int> _places = [];

        public Denoiser(EngineSession<TTensor> session, TechniqueSettings settings, Canvas canvas, int sequences)
        {
            (_session, _net, _canvas, _sequences) = (session, session.Network, canvas, sequences);
            _cached = settings.Integer("cached", 0, 1) == 1;
            _before = settings.Integer("before");
            _after = settings.Integer("after");
            _shift = settings.Integer("shifted", 0, 1);
            _caches = session.Decoder.CreateCaches(sequences, canvas.Length);
        }

        /// <summary>The likeliest token of each open place that the window reaches, and how likely it is.</summary>
        /// <param name="start">Where the window is anchored.</param>
        /// <param name="end">How far it has to reach.</param>
        /// <param name="open">Masked places.</param>
        public (int[] Tokens, double[] Confidences) Step(int start, int end, int[] open)
        {
            bool window = _cached && _places.Count > 0;
            int first = window ? Math.Max(0, start - _before - _shift) : 0;
            int last = window && _after > 0 ? Math.Min(_canvas.Length, Math.Max(end, start + _after)) : _canvas.Length;
            open = [.. open.Where(place => place < last)];
            int[] rows = [.. Enumerable.Range(first, last - first)];
            int[] kept = [.. Enumerable.Range(0, _places.Count).Where(slot => _places[slot] < first || _places[slot] >= last)];
            Recorded<TTensor> features = Forward(rows, kept);
            _places = [.. kept.Select(slot => _places[slot]), .. rows];
            Recorded<TTensor> logits = _session.Decoder.Head(features);

            // Logits of the masked places alone are looked at; they may be those of the place before.
            int[] picked = [.. Enumerable.Range(0, _sequences).SelectMany(sequence =>
                open.Select(place => (sequence * rows.Length) + Math.Max(0, place - _shift - first)))];
            Recorded<TTensor> probabilities = _net.Hold(_net.Softmax(_net.Rows(logits, picked, OperatorRole.Sample), OperatorRole.Sample));
            int[] tokens = new int[picked.Length];
            _net.Sample(probabilities, tokens);
            double[] confidences = new double[open.Length];
            for (int place = 0; _net.HasData && place < open.Length; place++)
            {
                (tokens[place], confidences[place]) = _canvas.Best(_net.Row(probabilities, place));
            }

            return ([.. tokens.Take(open.Length)], confidences);
        }

        private Recorded<TTensor> Forward(int[] rows, int[] kept)
        {
            int[] tokens = [.. Enumerable.Range(0, _sequences).SelectMany(_ => rows.Select(place => _canvas.Tokens[place]))];
            Decoder<Recorded<TTensor>> decoder = _session.Decoder;
            Recorded<TTensor> x = decoder.Embed(tokens, rows);
            for (int layer = 0; layer < _caches.Length; layer++)
            {
                _net.BeginBlock();
                DecoderLayer weights = decoder.Weights.Layers[layer];
                Recorded<TTensor> qkv = decoder.Project(x, weights, rows);
                _net.Keep(_caches[layer], kept);
                decoder.Append(qkv, _caches[layer]);
                x = decoder.Rest(x, _net.Attend(qkv, decoder.Shape.Heads, _caches[layer], AttentionPattern.All), weights);
            }

            return x;
        }
    }
}
