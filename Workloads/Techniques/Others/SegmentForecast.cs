using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>
/// AutoTimes (Liu et al., arXiv 2402.02370): a frozen language model forecasts a series of numbers. Segments of the past are its tokens: a network
/// takes each to the width of the model, another takes what the model makes of it to the segment that follows; there is no vocabulary and no cache.
/// After each forward the window moves on by a segment and all is computed again. The prompt's tokens are numbers of the series, and so are those
/// generated. Settings: <c>segment</c> numbers of a token; <c>mlpHidden</c> inner width of both networks, 0 for single products.
/// </summary>
public sealed class SegmentForecast : ITechnique
{
    /// <summary>Name of the decision on data: the forecast numbers of a step in thousandths.</summary>
    public const string ForecastDecision = "forecast";

    /// <inheritdoc/>
    public string Name => "segment-forecast";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        int segment = request.Settings.Integer("segment", 1);
        int sequences = request.Sequences;
        if (request.PromptTokens % segment != 0)
        {
            throw new PimSimUserException($"a past of {request.PromptTokens} numbers is not made of whole segments of {segment}");
        }

        int rows = request.PromptTokens / segment;
        Model<TTensor> model = new(session, request.Settings, segment, rows, sequences);

        // The window of every sequence; where there is no data it stays as it is.
        float[] window = new float[request.PromptTokens * sequences];
        for (int index = 0; index < window.Length; index++)
        {
            window[index] = prompt.Span[index];
        }

        for (int forecast = 0; forecast < request.GeneratedTokens; forecast += segment)
        {
            session.Begin(Phase.Prefill);
            Recorded<TTensor> next = model.Forward(window, forecast / segment);
            int final = Math.Min(segment, request.GeneratedTokens - forecast);
            if (session.HasData)
            {
                List<long> thousandths = [];
                for (int sequence = 0; sequence < sequences; sequence++)
                {
                    Span<float> own = window.AsSpan(sequence * request.PromptTokens, request.PromptTokens);
                    own[segment..].CopyTo(own);
                    session.Network.Row(next, sequence).CopyTo(own[^segment..]);
                    foreach (float number in own[^segment..][..final])
                    {
                        thousandths.Add((long)Math.Round(1000.0 * number));
                    }
                }

                session.Decide(ForecastDecision, [.. thousandths]);
            }

            yield return session.Commit(final * sequences);
        }
    }

    private sealed class Model<TTensor>
        where TTensor : ITensor
    {
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Decoder<Recorded<TTensor>> _decoder;
        private readonly LinearLayer[] _encoder;
        private readonly LinearLayer[] _projector;
        private readonly KeyValues _keys;
        private readonly int _segment;
        private readonly int _rows;
        private readonly int _sequences;

        public Model(EngineSession<TTensor> session, TechniqueSettings settings, int segment, int rows, int sequences)
        {
            _net = session.Network;
            _decoder = session.Decoder;
            _segment = segment;
            _rows = rows;
            _sequences = sequences;
            ParameterSet parameters = session.Parameters;
            int width = _decoder.Shape.Hidden;
            int inner = settings.Integer("mlpHidden");
            LinearLayer[] Network(int inputs, int outputs) => inner == 0
                ? [parameters.Linear(OperatorRole.Codec, inputs, outputs, bias: true)]
                : [parameters.Linear(OperatorRole.Codec, inputs, inner, bias: true), parameters.Linear(OperatorRole.Codec, inner, outputs, bias: true)];
            _encoder = Network(segment, width);
            _projector = Network(width, segment);

            // How much of the time stamps is added; it starts at one.
            parameters.CountOthers(1);

            // Keys and values of a layer live while the layer runs: one place for all.
            _keys = _decoder.CreateCache(sequences, rows);
        }

        /// <summary>The segment that follows the window of each sequence: [sequences, segment].</summary>
        public Recorded<TTensor> Forward(ReadOnlySpan<float> window, int moved)
        {
            int[] positions = [.. Enumerable.Range(0, _rows)];
            _net.BeginBlock();
            Recorded<TTensor> x = Through(_net.Input(_rows * _sequences, _segment, window), _encoder);
            x = _net.Add(x, _net.Input(x.Rows, x.Columns, TimeStamps(x.Columns, moved)), OperatorRole.Embedding);
            for (int layer = 0; layer < _decoder.Shape.Layers; layer++)
            {
                _keys.Truncate(0);
                x = _decoder.Layer(x, layer, positions, _keys, AttentionPattern.Causal);
            }

            _net.BeginBlock();
            x = Through(_net.Norm(x, _decoder.Weights.FinalNorm), _projector);
            return _net.LastRows(x, _sequences);
        }

        private Recorded<TTensor> Through(Recorded<TTensor> x, LinearLayer[] layers)
        {
            for (int index = 0; index < layers.Length; index++)
            {
                x = _net.Linear(index == 0 ? x : _net.Activate(x, ActivationKind.Tanh, OperatorRole.Codec), layers[index]);
            }

            return x;
        }

        /// <summary>Stands for the embeddings of the segments' time stamps, which the authors computed once with the model: a pattern of length one.</summary>
        private float[] TimeStamps(int width, int moved)
        {
            if (!_net.HasData)
            {
                return [];
            }

            float[] stamps = new float[_rows * _sequences * width];
            for (int row = 0; row < _rows * _sequences; row++)
            {
                stamps[(row * width) + (((row % _rows) + moved) % width)] = 1;
            }

            return stamps;
        }
    }
}
