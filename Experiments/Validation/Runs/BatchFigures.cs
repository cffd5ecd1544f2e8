namespace PimSim.Experiments.Validation.Runs;

/// <summary>What a closed batch takes.</summary>
/// <param name="Prompt">The step from the start to the first tokens.</param>
/// <param name="Token">The mean of the steps after it; zero if there are none.</param>
/// <param name="Steps">How many those are.</param>
public readonly record struct BatchFigures(StepFigures Prompt, StepFigures Token, int Steps)
{
    /// <summary>From the start to the last tokens.</summary>
    public StepFigures Total => Prompt + (Token * Steps);
}
