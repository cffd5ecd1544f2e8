using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Files;

/// <summary>A trace file in the place of a workload, looked through once before anything is simulated.</summary>
public sealed class RecordedTrace
{
    // Picoseconds of a whole trace stay within 64 bits: 46 days.
    private const long MostNanoseconds = 4_000_000_000_000_000;

    private RecordedTrace(string name, TraceFileSource source, int steps)
    {
        Name = name;
        Source = source;
        Hash = source.Hash();
        Steps = steps;
    }

    /// <summary>The file as the experiment names it.</summary>
    public string Name { get; }

    /// <summary>The steps.</summary>
    public TraceFileSource Source { get; }

    /// <summary>SHA-256 of the file, in hexadecimal.</summary>
    public string Hash { get; }

    /// <summary>Number of steps.</summary>
    public int Steps { get; }

    /// <summary>What the trace is of, for reports.</summary>
    public string Workload => $"trace {Name}: {Source.Header.Technique} on {Source.Header.Backend}, {Source.Header.PromptTokens} prompt token(s), {Source.Header.GeneratedTokens} generated, {Source.Header.Footprint.Sequences} sequence(s)";

    /// <summary>Opens a trace file and makes sure that it can be replayed.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="name">How the experiment names it.</param>
    /// <exception cref="PimSimUserException">It is not a trace, or not one that commits tokens and takes time.</exception>
    public static RecordedTrace Open(string path, string name)
    {
        TraceFileSource source = TraceFile.Open(path);
        int steps = 0;
        long tokens = 0;
        long operators = 0;
        long nanoseconds = 0;
        foreach (Step step in source.Steps())
        {
            steps++;
            tokens += step.CommittedTokens;
            operators += step.Count;
            nanoseconds += step.Blocks.Sum(block => block.Repeat * Opaque(block.Operators));
            if (nanoseconds > MostNanoseconds)
            {
                throw new PimSimUserException($"{path}: step {step.Index}: opaque operators of more than {MostNanoseconds} ns in all");
            }
        }

        return tokens > 0 && operators > 0
            ? new RecordedTrace(name, source, steps)
            : throw new PimSimUserException($"{path}: {steps} steps with {operators} operators commit {tokens} tokens; a trace to replay has at least one of each");
    }

    private static long Opaque(ImmutableArray<Operator> operators)
    {
        long nanoseconds = 0;
        foreach (Operator op in operators)
        {
            nanoseconds += op.OpaqueNanoseconds;
        }

        return nanoseconds;
    }
}
