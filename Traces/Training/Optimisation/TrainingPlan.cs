namespace PimSim.Traces.Training.Optimisation;

/// <summary>How a model is trained.</summary>
internal sealed record TrainingPlan
{
    /// <summary>Updates of the weights.</summary>
    public required int Steps { get; init; }

    /// <summary>Sequences of one update.</summary>
    public required int Batch { get; init; }

    /// <summary>Highest learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>The last learning rate over the highest.</summary>
    public double FinalRate { get; init; } = 0.05;

    /// <summary>Steps in which the learning rate rises.</summary>
    public int WarmupSteps { get; init; } = 50;

    /// <summary>Decay of the weights of matrices for each unit of learning rate.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Gradients longer than this are shortened to it.</summary>
    public double GradientClip { get; init; } = 1.0;

    /// <summary>Steps between two measurements on held-out text.</summary>
    public int EvaluationInterval { get; init; } = 100;

    /// <summary>The learning rate of a step: a linear rise, then half a cosine.</summary>
    public double RateAt(int step)
    {
        if (step < WarmupSteps)
        {
            return LearningRate * (step + 1) / WarmupSteps;
        }

        double progress = (double)(step - WarmupSteps) / Math.Max(1, Steps - WarmupSteps);
        return LearningRate * (FinalRate + ((1 - FinalRate) * 0.5 * (1 + Math.Cos(Math.PI * progress))));
    }
}
