using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// dInfer (arXiv 2510.08666) and Fast-dLLM's caches: a masked diffusion model fills a text block by block, as many places in a step as it is sure of.
/// With a cache a block begins with a step over the whole text that makes all keys and values, and goes on over a window around the block whose own
/// are made anew. Iteration smoothing adds to the embedding of a masked place the mean embedding of what the step before expected there.
/// Settings: <c>block</c> places; <c>cached</c> 0 or 1; <c>warmUp</c> steps of the text without a cache; <c>before</c> and <c>after</c> places of the
/// window around the block; <c>smoothing</c> weight at most, 0 for none, <c>smoothingFirst</c> and <c>smoothingGrowth</c> an iteration; those of
/// <see cref="PlaceChoice"/>; <c>maskToken</c>; <c>tokensPerForward</c> mean, where there is no data.
/// </summary>
public sealed class DInfer : ITechnique
{
    /// <summary>Decision: forward passes of a block, where there is no data.</summary>
    public const string ForwardsDecision = "forwardsOfBlock";

    /// <inheritdoc/>
    public string Name => "dinfer";

    /// <inheritdoc/>
    public string ModelFamily => "llada-moe";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        if (request.Sequences > 1)
        {
            throw new PimSimUserException($"dInfer runs one sequence, not {request.Sequences}: each would fill other places");
        }

        TechniqueSettings settings = request.Settings;
        int block = settings.Integer("block", 1, 65536);
        bool cached = settings.Integer("cached", 0, 1) == 1;
        int warmUp = settings.Integer("warmUp");
        (int before, int after) = (settings.Integer("before"), settings.Integer("after"));
        Canvas canvas = new(prompt.Span, request.GeneratedTokens, Math.Min(settings.Integer("maskToken"), session.Shape!["vocab"] - 1));
        Iteration<TTensor> iteration = new(session, settings, canvas);
        for (int start = canvas.Prompt; start < canvas.Length; start += block)
        {
            int end = Math.Min(canvas.Length, start + block);
            int forwards = session.HasData ? 0 : session.Draws.Mean(ForwardsDecision, (end - start) / settings.Number("tokensPerForward", 1, 1e6), 1, end - start);
            int[] all = [.. Enumerable.Range(0, canvas.Length)];
            int[] window = [.. all.Where(place => place >= start - before && place < end + after)];

            // The window goes to the end of the caches, so that its new keys and values follow those that stay.
            int[] whole = cached ? [.. all.Except(window), .. window] : all;
            bool fresh = true;
            for (int number = 0; canvas.MaskedIn(start, end).Length > 0; number++)
            {
                bool full = !cached || iteration.Number < warmUp || fresh;
                session.Begin(Phase.Denoise);
                int filled = iteration.Run(full ? whole : window, start, end, session.HasData ? 0 : Due(number, forwards, end - start));
                fresh = cached && iteration.Number <= warmUp;
                yield return session.Commit(filled);
            }
        }
    }

    /// <summary>How much of the mean embedding goes into the next one of places: nothing where there is a token.</summary>
    internal static float[] SmoothingWeights(Canvas canvas, int[] places, double first, double growth, double most, int iteration)
    {
        float weight = (float)Math.Min(first + (growth * iteration), most);
        return [.. places.Select(place => canvas.IsMasked(place) ? weight : 0)];
    }

    /// <summary>Places filled by forward <paramref name="number"/> of so many that share out a block evenly.</summary>
    private static int Due(int number, int forwards, int places) => (int)((((long)number + 1) * places / forwards) - ((long)number * places / forwards));

    private sealed class Iteration<TTensor>
        where TTensor : ITensor
    {
        private readonly EngineSession<TTensor> _session;
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Canvas _canvas;
        private readonly LladaMoe<TTensor> _model;
        private readonly PlaceChoice _choice;
        private readonly double _smoothing;
        private readonly double _smoothingFirst;
        private readonly double _smoothingGrowth;
        private readonly float[] _mixtures;
        private bool _smoothed;

        public Iteration(EngineSession<TTensor> session, TechniqueSettings settings, Canvas canvas)
        {
            (_session, _net, _canvas) = (session, session.Network, canvas);
            _model = new LladaMoe<TTensor>(session, session.Shape!, canvas.Length);
            _choice = new PlaceChoice(settings);
            _smoothing = settings.Number("smoothing", 0, 1);
            _smoothingFirst = settings.Number("smoothingFirst", 0, 1);
            _smoothingGrowth = settings.Number("smoothingGrowth", 0, 1);
            _mixtures = session.HasData ? new float[canvas.Length * _model.Hidden] : [];
        }

        /// <summary>Forward passes so far.</summary>
        public int Number { get; private set; }

        /// <summary>One forward pass over places, of which the masked ones of a block may be filled. Returns how many were.</summary>
        public int Run(int[] places, int start, int end, int due)
        {
            Recorded<TTensor> x = _model.Embed([.. places.Select(place => _canvas.Tokens[place])]);
            if (_smoothed)
            {
                // Mixtures are zero at places that have their tokens.
                x = _net.Add(x, _net.Input(places.Length, _model.Hidden, Mixtures(places)), OperatorRole.Mixing);
            }

            Recorded<TTensor> logits = _model.Forward(x, places);
            int[] open = _canvas.MaskedIn(start, end);
            int[] rows = [.. open.Select(place => Array.IndexOf(places, place))];
            Recorded<TTensor> probabilities = _net.Hold(_net.Softmax(_net.Rows(logits, rows, OperatorRole.Sample), OperatorRole.Sample));
            int[] tokens = new int[rows.Length];
            _net.Sample(probabilities, tokens);
            int[] chosen = _session.HasData ? Chosen(open, tokens, probabilities) : [.. Enumerable.Range(0, Math.Min(Math.Max(due, 1), open.Length))];
            foreach (int number in chosen)
            {
                _canvas.Fill(open[number], tokens[number]);
            }

            Smooth(logits, places);
            _session.Decide(MaskedDiffusion.FilledDecision, _session.HasData ? [.. chosen.Select(number => (long)open[number])] : [chosen.Length]);
            if (_session.HasData)
            {
                _session.Decide(EngineSession<TTensor>.TokensDecision, [.. chosen.Select(number => (long)tokens[number])]);
            }

            Number++;
            return chosen.Length;
        }

        private int[] Chosen(int[] open, int[] tokens, Recorded<TTensor> probabilities)
        {
            double[] confidences = new double[open.Length];
            for (int number = 0; number < open.Length; number++)
            {
                (tokens[number], confidences[number]) = _canvas.Best(_net.Row(probabilities, number));
            }

            return _choice.Choose(open, tokens, confidences, Number);
        }

        /// <summary>What masked places are expected to hold becomes part of their embedding in the next pass.</summary>
        private void Smooth(Recorded<TTensor> logits, int[] places)
        {
            if (_smoothing == 0)
            {
                return;
            }

            float[] weights = SmoothingWeights(_canvas, places, _smoothingFirst, _smoothingGrowth, _smoothing, Number);
            Recorded<TTensor> mixtures = _model.MeanEmbedding(_net.Softmax(logits, OperatorRole.Mixing), weights);
            for (int row = 0; _net.HasData && row < places.Length; row++)
            {
                _net.Row(mixtures, row).CopyTo(_mixtures.AsSpan(places[row] * _model.Hidden));
            }

            _smoothed = true;
        }

        private float[] Mixtures(int[] places)
        {
            if (!_net.HasData)
            {
                return [];
            }

            int width = _model.Hidden;
            float[] values = new float[places.Length * width];
            for (int row = 0; row < places.Length; row++)
            {
                _mixtures.AsSpan(places[row] * width, width).CopyTo(values.AsSpan(row * width));
            }

            return values;
        }
    }
}
