using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Files;

/// <summary>A trace file in the place of a workload, looked through once before anything is simulated.</summary>
public sealed class RecordedTrace
{
    // Picoseconds of a whole trace stay within 64 bits: 46 days.
    private const long MostNanoseconds = 4_000_000_000_000_000;

    private RecordedTrace(string name, TraceFileSource source, int steps, long tokens, long operators, long opaqueOperators)
    {
        Name = name;
        Source = source;
        Hash = source.Hash();
        Steps = steps;
        Tokens = tokens;
        Operators = operators;
        OpaqueOperators = opaqueOperators;
    }

    /// <summary>The file as the experiment names it.</summary>
    public string Name { get; }

    /// <summary>The steps.</summary>
    public TraceFileSource Source { get; }

    /// <summary>SHA-256 of the file, in hexadecimal.</summary>
    public string Hash { get; }

    /// <summary>Number of steps.</summary>
    public int Steps { get; }

    /// <summary>Tokens that all steps commit; 0 where the tool that recorded it did not say.</summary>
    public long Tokens { get; }

    /// <summary>Operators executed.</summary>
    public long Operators { get; }

    /// <summary>Those of them that have no shape but a measured time.</summary>
    public long OpaqueOperators { get; }

    /// <summary>What the trace is of, for reports.</summary>
    public string Workload => $"trace {Name}: {Source.Header.Technique} on {Source.Header.Backend}, {Extent}{(OpaqueOperators > 0 ? $", {OpaqueOperators} of {Operators} operators as measured" : "")}";

    private string Extent => Tokens > 0
        ? $"{Source.Header.PromptTokens} prompt token(s), {Source.Header.GeneratedTokens} generated, {Source.Header.Footprint.Sequences} sequence(s)"
        : $"{Operators} operator(s) in {Steps} step(s), no tokens recorded";

    /// <summary>Opens a trace file and makes sure that it can be replayed.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="name">How the experiment names it.</param>
    /// <param name="keepMeasured">Operators without a shape keep the time that they were measured at, on whatever system; without that they are refused.</param>
    /// <exception cref="PimSimUserException">It is not a trace, or not one that takes time.</exception>
    public static RecordedTrace Open(string path, string name, bool keepMeasured)
    {
        TraceFileSource source = TraceFile.Open(path);
        OpaqueCount opaque = new();
        int steps = 0;
        long tokens = 0;
        long operators = 0;
        foreach (Step step in source.Steps())
        {
            steps++;
            tokens += step.CommittedTokens;
            operators += step.Count;
            opaque.Add(step);
            if (opaque.Nanoseconds > MostNanoseconds)
            {
                throw new PimSimUserException($"{path}: step {step.Index}: opaque operators of more than {MostNanoseconds} ns in all");
            }
        }

        if (operators == 0)
        {
            throw new PimSimUserException($"{path}: {steps} steps with no operator; a trace to replay has at least one");
        }

        return opaque.Operators == 0 || keepMeasured
            ? new RecordedTrace(name, source, steps, tokens, operators, opaque.Operators)
            : throw new PimSimUserException($"{path}: {opaque.Operators} of its {operators} operators have a measured time but no shape, so that nothing predicts them on another system: {opaque.Most()}; 'opaque: measured' in the experiment keeps their measured time");
    }
}
