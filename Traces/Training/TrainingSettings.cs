using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Optimisation;

namespace PimSim.Traces.Training;

/// <summary>Everything that decides the bytes of a training's results.</summary>
internal sealed record TrainingSettings
{
    /// <summary>Seed of text, weights and order.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The model.</summary>
    public DecoderConfiguration Main { get; init; } = DecoderConfiguration.Main;

    /// <summary>The model that drafts for it.</summary>
    public DecoderConfiguration Draft { get; init; } = DecoderConfiguration.Draft;

    /// <summary>How the model is trained.</summary>
    public TrainingPlan MainPlan { get; init; } = new() { Steps = 2400, Batch = 8, LearningRate = 3e-3 };

    /// <summary>How the draft model is trained.</summary>
    public TrainingPlan DraftPlan { get; init; } = new() { Steps = 2400, Batch = 8, LearningRate = 5e-3 };

    /// <summary>How the draft heads are trained.</summary>
    public TrainingPlan HeadPlan { get; init; } = new() { Steps = 300, Batch = 8, LearningRate = 3e-3 };

    /// <summary>Draft heads: the first predicts the token after the next one.</summary>
    public int Heads { get; init; } = 3;

    /// <summary>Windows of held-out text at each point of the loss curve.</summary>
    public int CurveWindows { get; init; } = 32;

    /// <summary>Windows of held-out text for the figures at the end.</summary>
    public int FinalWindows { get; init; } = 256;

    /// <summary>Bytes of each sample of generated text.</summary>
    public int SampleLength { get; init; } = 300;
}
