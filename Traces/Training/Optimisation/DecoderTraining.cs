using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Optimisation;

/// <summary>Trains one decoder from random weights; no window of the text is seen twice.</summary>
internal sealed class DecoderTraining(DecoderConfiguration model, TrainingPlan plan, WorkCrew crew)
{
    /// <summary>The loss so far.</summary>
    public List<LossPoint> Curve { get; } = [];

    /// <summary>Number of tokens that the text must have.</summary>
    public int RequiredTokens => (plan.Steps * plan.Batch * model.Context) + 1;

    /// <summary>Trains and returns the weights. <paramref name="observe"/> is called with the weights at each point of the curve.</summary>
    public float[] Run(int[] tokens, int[] heldOut, SeededRandom random, Action<float[]> observe)
    {
        float[] parameters = InitialWeights.Draw<float>(model, random);
        ParameterLayout layout = new(model);
        AdamW optimiser = new(parameters.Length, layout.Tensors.Where(tensor => !tensor.IsVector).Select(tensor => tensor.Range), plan.WeightDecay, crew);
        BatchGradient batch = new(model, plan.Batch, crew);
        int[] windows = [.. Enumerable.Range(0, plan.Steps * plan.Batch).Select(window => window * model.Context)];
        random.Shuffle<int>(windows);
        double bits = 0;
        int since = 0;
        for (int step = 0; step < plan.Steps; step++)
        {
            bits += batch.Compute(parameters, tokens, windows[(step * plan.Batch)..((step + 1) * plan.Batch)]);
            since++;
            optimiser.Step(parameters, batch.Gradient, plan.RateAt(step), plan.GradientClip);
            if ((step + 1) % plan.EvaluationInterval == 0 || step + 1 == plan.Steps)
            {
                long seen = (long)(step + 1) * plan.Batch * model.Context;
                Curve.Add(new LossPoint(step + 1, seen, bits / since, batch.Evaluate(parameters, heldOut)));
                bits = 0;
                since = 0;
                observe(parameters);
            }
        }

        return parameters;
    }
}
