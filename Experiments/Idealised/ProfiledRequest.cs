namespace PimSim.Experiments.Idealised;

/// <summary>What one request alone took on a system.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens generated.</param>
/// <param name="Seconds">Time from the prompt to the last token.</param>
/// <param name="Joules">Energy of the whole system in that time.</param>
public readonly record struct ProfiledRequest(int PromptTokens, int OutputTokens, double Seconds, double Joules);
