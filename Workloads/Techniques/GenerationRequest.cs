using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Techniques;

/// <summary>How much to generate.</summary>
public sealed record GenerationRequest
{
    /// <summary>Describes a request.</summary>
    /// <exception cref="PimSimUserException">A number is less than 1; all such are named.</exception>
    public GenerationRequest(int promptTokens, int generatedTokens, int sequences)
    {
        (string Name, int Value)[] numbers = [("prompt tokens", promptTokens), ("generated tokens", generatedTokens), ("sequences", sequences)];
        if (numbers.Any(number => number.Value < 1))
        {
            IEnumerable<string> wrong = numbers.Where(number => number.Value < 1).Select(number => $"{number.Value} {number.Name}");
            throw new PimSimUserException($"a request needs at least 1 of each, not {string.Join(", ", wrong)}");
        }

        PromptTokens = promptTokens;
        GeneratedTokens = generatedTokens;
        Sequences = sequences;
    }

    /// <summary>Tokens given, per sequence.</summary>
    public int PromptTokens { get; }

    /// <summary>Tokens wanted, per sequence.</summary>
    public int GeneratedTokens { get; }

    /// <summary>Sequences generated at once, all alike.</summary>
    public int Sequences { get; }

    /// <summary>Numbers that the technique asks for.</summary>
    public TechniqueSettings Settings { get; init; } = TechniqueSettings.None;

    /// <summary>Of weights that a technique declares, and of draws where there is no data.</summary>
    public long Seed { get; init; }
}
