using PimSim.Experiments.Techniques;

namespace PimSim.Experiments.Matrix;

/// <summary>One technique on one system with one workload, beside plain decoding of the same.</summary>
public sealed record MatrixPoint
{
    /// <summary>Name of the technique.</summary>
    public required string Technique { get; init; }

    /// <summary>Its family.</summary>
    public required string Family { get; init; }

    /// <summary>Number of its paper; 0 for none.</summary>
    public required int Paper { get; init; }

    /// <summary>Label of the system.</summary>
    public required string System { get; init; }

    /// <summary>A word: <c>own</c>, or <c>batch N</c> of the common model.</summary>
    public required string Workload { get; init; }

    /// <summary>What was run; null where the technique has nothing of its own to run.</summary>
    public required TechniqueRun? Run { get; init; }

    /// <summary>Tokens of a sequence that were asked for; more than those of <see cref="Run"/> where the system takes long.</summary>
    public required int WantedTokens { get; init; }

    /// <summary>Rates are sequences per second: what is generated is no text.</summary>
    public required bool IsSequences { get; init; }

    /// <summary>What it took; null if it was not run.</summary>
    public required TechniqueResult? Result { get; init; }

    /// <summary>What plain decoding took; null if it was not run.</summary>
    public required TechniqueResult? Plain { get; init; }

    /// <summary>Name of the technique that is plain decoding here.</summary>
    public required string Over { get; init; }

    /// <summary>Why it, or plain decoding, was not run; empty if both were.</summary>
    public required string Fault { get; init; }

    /// <summary>The fault is one of PimSim, not of what was asked.</summary>
    public bool IsBug { get; init; }

    /// <summary>Tokens per second of all sequences; null where none is committed.</summary>
    public double? TokensPerSecond => Result is { Tokens: > 0 } run ? run.Tokens / run.Seconds : null;

    /// <summary>Energy of a token.</summary>
    public double? JoulesPerToken => Result is { Tokens: > 0 } run ? run.Joules / run.Tokens : null;

    /// <summary>Price of a million tokens.</summary>
    public double? DollarsPerMillionTokens => Result is { Tokens: > 0 } run ? run.Dollars / run.Tokens * 1e6 : null;

    /// <summary>Rate over that of plain decoding on the same hardware.</summary>
    public double? SpeedUp => Rate(Result) / Rate(Plain);

    /// <summary>What bounds the run; null if it was not run.</summary>
    public BoundShare? Bound => Result is { } run ? Bounds.Of(run.TimePs) : null;

    /// <summary>What bounds plain decoding; null if it was not run.</summary>
    public BoundShare? PlainBound => Plain is { } run ? Bounds.Of(run.TimePs) : null;

    /// <summary>The bound whose time per unit of output differs most between both, and by which part of the time of plain decoding: below 0 is saved.</summary>
    public BoundShare? Change
    {
        get
        {
            if (Result is not { } run || Plain is not { } plain || Units(run) is not > 0 || Units(plain) is not > 0)
            {
                return null;
            }

            IReadOnlyDictionary<string, double> own = Bounds.Shares(run.TimePs), other = Bounds.Shares(plain.TimePs);
            double scale = run.Seconds / Units(run) / (plain.Seconds / Units(plain));
            return own.Keys.Union(other.Keys).Order(StringComparer.Ordinal)
                .Select(word => new BoundShare(word, (scale * own.GetValueOrDefault(word)) - other.GetValueOrDefault(word)))
                .MaxBy(change => SpeedUp >= 1 ? -change.Share : change.Share);
        }
    }

    private double Units(TechniqueResult run) => IsSequences ? run.Sequences : run.Tokens;

    private double? Rate(TechniqueResult? run) => run is not null && Units(run) > 0 ? Units(run) / run.Seconds : null;
}

/// <summary>All points of a matrix, with where they come from.</summary>
public sealed record MatrixResult
{
    /// <summary>Title of the experiment.</summary>
    public required string Title { get; init; }

    /// <summary>Version of PimSim.</summary>
    public required string Version { get; init; }

    /// <summary>SHA-256 over everything that the results depend on, in hexadecimal.</summary>
    public required string InputHash { get; init; }

    /// <summary>Labels of the systems, with what they are and what their price is.</summary>
    public required IReadOnlyList<MatrixSystem> Systems { get; init; }

    /// <summary>Words of the workloads, with what they are.</summary>
    public required IReadOnlyList<(string Word, string Text)> Workloads { get; init; }

    /// <summary>Technique after technique, workload after workload, system after system.</summary>
    public required IReadOnlyList<MatrixPoint> Points { get; init; }

    /// <summary>Names of the techniques, in order.</summary>
    public IReadOnlyList<string> Techniques => [.. Points.Select(point => point.Technique).Distinct()];
}

/// <summary>A system of a matrix.</summary>
/// <param name="Label">Name in the results.</param>
/// <param name="Summary">What it is.</param>
/// <param name="Changes">Parameters that were changed.</param>
/// <param name="PriceBasis">What the price is: rented or bought, date and source.</param>
/// <param name="MostTokens">Tokens that are generated at most; null for as many as are wanted.</param>
public sealed record MatrixSystem(string Label, string Summary, IReadOnlyList<string> Changes, string PriceBasis, int? MostTokens);
