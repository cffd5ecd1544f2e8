using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Serving;

/// <summary>Sequences of one iteration that do the same amount of the same work.</summary>
/// <param name="Phase">Prefill (a prompt or a chunk of it) or decode.</param>
/// <param name="Sequences">How many.</param>
/// <param name="NewTokens">Rows forwarded for each sequence.</param>
/// <param name="ContextTokens">
/// Tokens in the cache afterwards, those of this iteration included, summed over the sequences. Sequences of a prefill group have
/// equal contexts; those of a decode group need not.
/// </param>
/// <param name="Sampled">Sequences whose next token is chosen: all but those whose prompt is not at its end.</param>
public readonly record struct BatchGroup(Phase Phase, int Sequences, int NewTokens, long ContextTokens, int Sampled);
