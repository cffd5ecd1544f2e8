using System.Numerics.Tensors;
using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Optimisation;

/// <summary>Trains draft heads on the last hidden states of a frozen decoder.</summary>
internal sealed class HeadTraining(DecoderConfiguration model, int heads, TrainingPlan plan, WorkCrew crew)
{
    private readonly SequencePass<float>[] _passes = [.. Enumerable.Range(0, crew.Threads).Select(_ => new SequencePass<float>(model))];
    private readonly DraftHeads<float>[] _drafts = [.. Enumerable.Range(0, crew.Threads).Select(_ => new DraftHeads<float>(model))];
    private readonly int _length = DraftHeads<float>.LengthOf(model);
    private readonly Range _outputHead = new ParameterLayout(model).Embedding;

    /// <summary>Trains and returns all heads, one after the other. They start as the decoder's own prediction.</summary>
    public float[] Run(float[] parameters, int[] tokens, SeededRandom random)
    {
        float[] all = new float[heads * _length];
        float[][] gradients = [.. Enumerable.Range(0, plan.Batch).Select(_ => new float[all.Length])];
        AdamW optimiser = new(all.Length, [], 0, crew);
        int[] windows = [.. Enumerable.Range(0, (tokens.Length - 1 - heads) / model.Context).Select(window => window * model.Context)];
        random.Shuffle<int>(windows);
        float weight = 1f / (plan.Batch * model.Context);
        for (int step = 0; step < plan.Steps; step++)
        {
            int first = step * plan.Batch;
            crew.Run(plan.Batch, (thread, sequence) =>
            {
                float[] gradient = gradients[sequence];
                Array.Clear(gradient);
                int start = windows[(first + sequence) % windows.Length];
                _passes[thread].Forward(parameters, tokens.AsSpan(start, model.Context));
                for (int head = 0; head < heads; head++)
                {
                    Range range = new(head * _length, (head + 1) * _length);
                    _drafts[thread].AddGradient(
                        all.AsSpan(range),
                        _passes[thread].FinalStates,
                        parameters.AsSpan(_outputHead),
                        tokens.AsSpan(start + 2 + head, model.Context),
                        weight,
                        gradient.AsSpan(range));
                }
            });
            for (int sequence = 1; sequence < plan.Batch; sequence++)
            {
                TensorPrimitives.Add(gradients[0], gradients[sequence], gradients[0]);
            }

            optimiser.Step(all, gradients[0], plan.RateAt(step), plan.GradientClip);
        }

        return all;
    }

    /// <summary>For each head, the share of positions of a text whose token it puts first.</summary>
    public double[] Accuracy(float[] parameters, float[] all, int[] tokens)
    {
        int windows = (tokens.Length - 1 - heads) / model.Context;
        int[,] hits = new int[windows, heads];
        crew.Run(windows, (thread, window) =>
        {
            int start = window * model.Context;
            _passes[thread].Forward(parameters, tokens.AsSpan(start, model.Context));
            for (int head = 0; head < heads; head++)
            {
                _drafts[thread].Forward(all.AsSpan(head * _length, _length), _passes[thread].FinalStates, parameters.AsSpan(_outputHead), model.Context);
                for (int row = 0; row < model.Context; row++)
                {
                    int best = TensorPrimitives.IndexOfMax<float>(_drafts[thread].Logits.Slice(row * model.Vocabulary, model.Vocabulary));
                    hits[window, head] += best == tokens[start + row + 2 + head] ? 1 : 0;
                }
            }
        });
        return [.. Enumerable.Range(0, heads).Select(head => Enumerable.Range(0, windows).Sum(window => hits[window, head]) / (double)(windows * model.Context))];
    }
}
