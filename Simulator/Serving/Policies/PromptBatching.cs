namespace PimSim.Simulator.Serving.Policies;

/// <summary>How the prompts of admitted requests join an iteration.</summary>
public enum PromptBatching
{
    /// <summary>Whole, however many tokens they are.</summary>
    Whole,

    /// <summary>Whole, while the iteration's tokens stay within the limit; a longer one runs alone.</summary>
    WholeWithinBudget,

    /// <summary>In chunks that fill the token budget.</summary>
    Chunked,
}
