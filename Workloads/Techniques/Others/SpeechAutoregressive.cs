using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>
/// An attention encoder-decoder transcribes speech (Canary, arXiv 2503.05931; Whisper; the autoregressive baseline of CASS-NAT, arXiv 2304.07611): the
/// encoder reads a recording once, the decoder writes one token after another, greedily or by beam search with joint CTC scores. Prompt tokens are
/// frames of the spectrum, 100 a second. Settings: <c>memory</c> 0 keys and values are kept, 1 states are kept and keys and values made anew in every
/// step, 2 all of the text is run in every step; <c>taskTokens</c> given before the text; <c>beam</c> hypotheses, which need memory 2;
/// <c>ctcWeight</c> of the CTC score, 0 for none; <c>ctcKernels</c> kernels of its recursion for a frame; <c>minFrames</c> to which a recording is padded.
/// </summary>
public sealed class SpeechAutoregressive : ITechnique
{
    /// <summary>Name of the family of models.</summary>
    public const string Family = "speech";

    /// <inheritdoc/>
    public string Name => "speech-autoregressive";

    /// <inheritdoc/>
    public string ModelFamily => Family;

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        TechniqueSettings settings = request.Settings;
        NetworkShape shape = session.Shape!;
        var memory = (SpeechMemory)settings.Integer("memory", 0, 2);
        int given = settings.Integer("taskTokens", 1, 64);
        int beam = settings.Integer("beam", 1, 1000);
        double ctcWeight = settings.Number("ctcWeight", 0, 1);
        int sequences = request.Sequences;
        if (beam > 1 && (memory != SpeechMemory.Text || sequences > 1))
        {
            throw new PimSimUserException("a beam of hypotheses needs 'memory' 2 and one sequence: nothing that is kept can follow the hypotheses");
        }

        int[] ids = Padded(prompt.Span, sequences, settings.Integer("minFrames"));
        SpeechEncoder<TTensor> encoder = new(session, shape, sequences, ids.Length / sequences);
        SpeechDecoder<TTensor> decoder = new(session, shape, memory);
        LinearLayer? ctc = shape["ctc"] == 1 ? session.Parameters.Linear(OperatorRole.LmHead, shape["hidden"], shape["vocab"], bias: true) : null;
        int capacity = given + request.GeneratedTokens;

        session.Begin(Phase.Encode);
        Recorded<TTensor> encoded = encoder.Forward(ids);
        Recorded<TTensor>? frames = null;
        if (ctcWeight > 0)
        {
            session.Network.BeginBlock();
            frames = session.Network.Hold(session.Network.Softmax(
                session.Network.Linear(encoded, ctc ?? throw new PimSimUserException($"model '{shape.Name}' has no CTC head; set 'ctcWeight' to 0")), OperatorRole.LmHead));
        }

        decoder.Read(encoded, sequences, capacity);
        yield return session.Commit(0);

        if (beam > 1)
        {
            BeamSearch<TTensor> search = new(session, decoder, encoded, frames, settings, capacity, shape["vocab"]);
            for (int token = 0; token < request.GeneratedTokens; token++)
            {
                yield return search.Step(given, last: token == request.GeneratedTokens - 1);
            }

            yield break;
        }

        int[] tokens = new int[sequences];
        List<int[]> text = [.. Enumerable.Repeat(new int[sequences], given)];
        for (int token = 0; token < request.GeneratedTokens; token++)
        {
            IEnumerable<int[]> input = token == 0 || memory == SpeechMemory.Text ? text : [tokens];
            session.Begin(token == 0 && given > 1 ? Phase.Prefill : Phase.Decode);
            int[] next = new int[sequences];
            session.Sample(decoder.Forward([.. Enumerable.Range(0, sequences).SelectMany(sequence => input.Select(step => step[sequence]))]), next);
            text.Add(next);
            tokens = next;
            yield return session.Commit(sequences);
        }
    }

    /// <summary>The ids of each sequence, with zeros behind them up to a length.</summary>
    internal static int[] Padded(ReadOnlySpan<int> ids, int sequences, int least)
    {
        int own = ids.Length / sequences;
        int padded = Math.Max(own, least);
        int[] all = new int[padded * sequences];
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            ids.Slice(sequence * own, own).CopyTo(all.AsSpan(sequence * padded));
        }

        return all;
    }
}
