using PimSim.Traces.Engine.Models;

namespace PimSim.Experiments.Idealised;

/// <summary>Sizes of a request.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens generated.</param>
public readonly record struct RequestSizes(int PromptTokens, int OutputTokens);

/// <summary>Models whose runtime, energy and cost for one request are put into a formula on every system, read and checked.</summary>
public sealed record IdealisedExperiment
{
    /// <summary>What it is about.</summary>
    public required string Title { get; init; }

    /// <summary>Models by name.</summary>
    public required IReadOnlyList<(string Name, ModelShape Shape)> Models { get; init; }

    /// <summary>Systems.</summary>
    public required IReadOnlyList<IdealisedSystem> Systems { get; init; }

    /// <summary>Label of the system whose runtime is the idealised one, which the others are compared with.</summary>
    public required string Canonical { get; init; }

    /// <summary>Prompts to profile, ascending.</summary>
    public required IReadOnlyList<int> PromptTokens { get; init; }

    /// <summary>Outputs to profile with each prompt, ascending, from 1 on.</summary>
    public required IReadOnlyList<int> OutputTokens { get; init; }

    /// <summary>Requests to estimate, and to simulate for comparison.</summary>
    public required IReadOnlyList<RequestSizes> Requests { get; init; }

    /// <summary>GPUs of a model, where it shall not be as few as hold it.</summary>
    public required IReadOnlyDictionary<string, int> Gpus { get; init; }

    /// <summary>Published numbers to put beside.</summary>
    public required IReadOnlyList<IdealisedClaim> Claims { get; init; }

    /// <summary>SHA-256 over everything that the results depend on, in hexadecimal.</summary>
    public required string InputHash { get; init; }

    /// <summary>Longest sequence of all requests: its last token is never read back.</summary>
    public int MostTokens => Math.Max(PromptTokens[^1] + OutputTokens[^1], Requests.Select(request => request.PromptTokens + request.OutputTokens).DefaultIfEmpty().Max()) - 1;
}
