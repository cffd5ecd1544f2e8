using System.Numerics.Tensors;
using PimSim.Traces.Training.Model;

namespace PimSim.Traces.Training.Optimisation;

/// <summary>How often two decoders put the right token first, and the same one, when both read the same text.</summary>
/// <param name="MainAccuracy">Share of tokens that the main model puts first.</param>
/// <param name="DraftAccuracy">Share of tokens that the draft model puts first.</param>
/// <param name="Agreement">Share of positions at which both put the same token first.</param>
internal sealed record GreedyAgreement(double MainAccuracy, double DraftAccuracy, double Agreement)
{
    /// <summary>Counts over consecutive windows of a text.</summary>
    public static GreedyAgreement Measure(DecoderConfiguration main, float[] mainWeights, DecoderConfiguration draft, float[] draftWeights, int[] tokens, WorkCrew crew)
    {
        int context = Math.Min(main.Context, draft.Context);
        int windows = (tokens.Length - 1) / context;
        int[,] hits = new int[windows, 3];
        SequencePass<float>[] mains = [.. Enumerable.Range(0, crew.Threads).Select(_ => new SequencePass<float>(main))];
        SequencePass<float>[] drafts = [.. Enumerable.Range(0, crew.Threads).Select(_ => new SequencePass<float>(draft))];
        crew.Run(windows, (thread, window) =>
        {
            ReadOnlySpan<int> text = tokens.AsSpan(window * context, context);
            mains[thread].Forward(mainWeights, text);
            drafts[thread].Forward(draftWeights, text);
            for (int row = 0; row < context; row++)
            {
                int target = tokens[(window * context) + row + 1];
                int ofMain = TensorPrimitives.IndexOfMax<float>(mains[thread].Logits.Slice(row * main.Vocabulary, main.Vocabulary));
                int ofDraft = TensorPrimitives.IndexOfMax<float>(drafts[thread].Logits.Slice(row * draft.Vocabulary, draft.Vocabulary));
                hits[window, 0] += ofMain == target ? 1 : 0;
                hits[window, 1] += ofDraft == target ? 1 : 0;
                hits[window, 2] += ofMain == ofDraft ? 1 : 0;
            }
        });
        return new GreedyAgreement(Share(0), Share(1), Share(2));

        double Share(int column) => Enumerable.Range(0, windows).Sum(window => hits[window, column]) / (double)(windows * context);
    }
}
