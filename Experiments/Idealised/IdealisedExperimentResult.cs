namespace PimSim.Experiments.Idealised;

/// <summary>One request on one system: by the formula, and simulated.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens generated.</param>
/// <param name="HeldOut">Whether the formula was fitted without it.</param>
/// <param name="Seconds">Runtime by the formula.</param>
/// <param name="Joules">Energy by the formula.</param>
/// <param name="Dollars">Price of the system for that time, in US dollars.</param>
/// <param name="SimulatedSeconds">Runtime as it was simulated.</param>
/// <param name="SimulatedJoules">Energy as it was simulated.</param>
public sealed record IdealisedRequest(
    int PromptTokens, int OutputTokens, bool HeldOut, double Seconds, double Joules, double Dollars, double SimulatedSeconds, double SimulatedJoules)
{
    /// <summary>Runtime by the formula over the simulated one, less 1.</summary>
    public double SecondsError => (Seconds / SimulatedSeconds) - 1;

    /// <summary>Energy by the formula over the simulated one, less 1.</summary>
    public double JoulesError => (Joules / SimulatedJoules) - 1;
}

/// <summary>The formulas of one model on one system.</summary>
public sealed record IdealisedPoint
{
    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>Label of the system.</summary>
    public required string System { get; init; }

    /// <summary>Devices that share the model out.</summary>
    public required int Gpus { get; init; }

    /// <summary>Runtime in seconds by the sizes of a request.</summary>
    public required RequestModel Runtime { get; init; }

    /// <summary>Energy in joules by the sizes of a request.</summary>
    public required RequestModel Energy { get; init; }

    /// <summary>Requests that the formula was fitted on.</summary>
    public required IReadOnlyList<ProfiledRequest> Profile { get; init; }

    /// <summary>Requests that were asked for.</summary>
    public required IReadOnlyList<IdealisedRequest> Requests { get; init; }

    /// <summary>What the price is: rented or bought, date and source; of all devices.</summary>
    public required string PriceBasis { get; init; }
}

/// <summary>A published number beside the simulated one.</summary>
/// <param name="Claim">What was published.</param>
/// <param name="Simulated">The same by simulation, in the same unit.</param>
/// <param name="Verdict">'met' or 'missed'.</param>
public sealed record IdealisedClaimResult(IdealisedClaim Claim, double Simulated, string Verdict)
{
    /// <summary>Simulated over published.</summary>
    public double Ratio => Simulated / Claim.Published;
}

/// <summary>All that an experiment found, with where it comes from.</summary>
public sealed record IdealisedExperimentResult
{
    /// <summary>Title of the experiment.</summary>
    public required string Title { get; init; }

    /// <summary>Version of PimSim.</summary>
    public required string Version { get; init; }

    /// <summary>SHA-256 over everything that the results depend on, in hexadecimal.</summary>
    public required string InputHash { get; init; }

    /// <summary>The system whose runtime is the idealised one.</summary>
    public required string Canonical { get; init; }

    /// <summary>One per model and system, models outermost.</summary>
    public required IReadOnlyList<IdealisedPoint> Points { get; init; }

    /// <summary>Published numbers beside simulated ones.</summary>
    public required IReadOnlyList<IdealisedClaimResult> Claims { get; init; }
}
