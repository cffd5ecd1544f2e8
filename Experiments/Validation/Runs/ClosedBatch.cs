using PimSim.Traces.Engine.Models;

namespace PimSim.Experiments.Validation.Runs;

/// <summary>Equal requests that start together and run to their last tokens.</summary>
/// <param name="Model">The model.</param>
/// <param name="Sequences">Requests.</param>
/// <param name="PromptTokens">Tokens of each prompt.</param>
/// <param name="OutputTokens">Tokens generated for each; the first by the prompt's step.</param>
public sealed record ClosedBatch(ModelShape Model, int Sequences, int PromptTokens, int OutputTokens);
