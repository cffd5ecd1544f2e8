using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>
/// Beam search over the texts of one recording as CASS-NAT's autoregressive baseline does it: each step runs the whole text of every hypothesis over
/// encoder output of its own, scores the best candidates of each by CTC in a loop over frames, and ranks all of them one by one on the host. The
/// texts have the wanted length: none ends early.
/// </summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
internal sealed class BeamSearch<TTensor>
    where TTensor : ITensor
{
    private readonly EngineSession<TTensor> _session;
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly SpeechDecoder<TTensor> _decoder;
    private readonly Recorded<TTensor> _encoded;
    private readonly CtcPrefixScore? _ctc;
    private readonly double _ctcWeight;
    private readonly int _ctcKernels;
    private readonly int _beam;
    private readonly int _candidates;
    private readonly int _capacity;
    private readonly int _frames;
    private List<Hypothesis> _hypotheses;

    public BeamSearch(
        EngineSession<TTensor> session, SpeechDecoder<TTensor> decoder, Recorded<TTensor> encoded, Recorded<TTensor>? frames, TechniqueSettings settings, int capacity, int vocab)
    {
        (_session, _net, _decoder, _encoded, _capacity) = (session, session.Network, decoder, encoded, capacity);
        _beam = settings.Integer("beam", 1, 1000);
        _candidates = Math.Min(_beam, vocab);
        _ctcWeight = settings.Number("ctcWeight", 0, 1);
        _ctcKernels = settings.Integer("ctcKernels", 1, 100);
        _frames = encoded.Rows;
        if (frames is { } probabilities && _net.HasData)
        {
            _ctc = new CtcPrefixScore([.. Enumerable.Range(0, _frames).Select(frame => _net.Row(probabilities, frame).ToArray())]);
        }

        _hypotheses = [new Hypothesis([], 0, _ctc?.Empty, 1)];
    }

    /// <summary>One token more for each hypothesis; the last step makes the best one final.</summary>
    /// <param name="given">Tokens before each text.</param>
    /// <param name="last">The texts have their length.</param>
    public Step Step(int given, bool last)
    {
        int count = _hypotheses.Count;
        int length = _hypotheses[0].Tokens.Length;
        _session.Begin(Phase.Decode);
        _net.BeginBlock();
        Recorded<TTensor> encoded = count == 1 ? _encoded
            : _net.Hold(_net.Rows(_encoded, [.. Enumerable.Range(0, count).SelectMany(_ => Enumerable.Range(0, _frames))], OperatorRole.Mixing));
        _decoder.Read(encoded, count, _capacity);
        int[] input = [.. _hypotheses.SelectMany(hypothesis => Enumerable.Repeat(0, given).Concat(hypothesis.Tokens))];
        Recorded<TTensor> probabilities = _net.Softmax(_decoder.Forward(input), OperatorRole.Sample);
        int[] best = new int[count * _candidates];
        Recorded<TTensor> scores = _net.Hold(_net.TopK(probabilities, _candidates, best, OperatorRole.Sample));
        if (_ctcWeight > 0)
        {
            // The reference masks repeated tokens hypothesis by hypothesis, then goes from frame to frame.
            _net.BeginBlock();
            _net.Passes(3 * count, _frames, _candidates);
            for (int frame = Math.Max(length, 1); frame < _frames; frame++)
            {
                _net.BeginBlock();
                _net.Passes(_ctcKernels, count, 4 * _candidates);
            }
        }

        _net.BeginBlock();
        _net.HostWork(count * _candidates);
        _hypotheses = _session.HasData ? Ranked(best, scores) : [.. Enumerable.Repeat(new Hypothesis(new int[length + 1], 0, null, 1), _beam)];
        if (last && _session.HasData)
        {
            _session.Decide(EngineSession<TTensor>.TokensDecision, [.. _hypotheses[0].Tokens.Select(token => (long)token)]);
        }

        return _session.Commit(last ? length + 1 : 0);
    }

    private List<Hypothesis> Ranked(int[] best, Recorded<TTensor> scores)
    {
        List<Hypothesis> all = [];
        for (int row = 0; row < _hypotheses.Count; row++)
        {
            Hypothesis from = _hypotheses[row];
            float[] own = [.. _net.Row(scores, row)];
            for (int slot = 0; slot < _candidates; slot++)
            {
                int token = best[(row * _candidates) + slot];
                double attention = Math.Log(own[slot]);
                if (_ctc is null)
                {
                    all.Add(new Hypothesis([.. from.Tokens, token], from.Score + attention, null, 1));
                    continue;
                }

                // Blank is no token of a text.
                if (token == 0)
                {
                    continue;
                }

                (CtcPrefixScore.State state, double prefix) = _ctc.Extend(from.State!, from.Tokens is [.., int newest] ? newest : 0, token);
                double ctc = Math.Log(Math.Max(prefix, double.Epsilon)) - Math.Log(Math.Max(from.Prefix, double.Epsilon));
                all.Add(new Hypothesis([.. from.Tokens, token], from.Score + (_ctcWeight * ctc) + ((1 - _ctcWeight) * attention), state, prefix));
            }
        }

        return [.. all.OrderByDescending(hypothesis => hypothesis.Score).Take(_beam)];
    }

    private sealed record Hypothesis(int[] Tokens, double Score, CtcPrefixScore.State? State, double Prefix);
}
