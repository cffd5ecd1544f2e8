using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>One measured run of a whole model: a batch of equal requests from their prompts to their last tokens.</summary>
public sealed record EndToEndMeasurement
{
    /// <summary>The model, as its source names it.</summary>
    public required string Model { get; init; }

    /// <summary>The kind of device, as its source names it.</summary>
    public required string Hardware { get; init; }

    /// <summary>The name of the data sheet of that device in PimSim's catalogue; null where the source's word does not say which it is.</summary>
    public string? Device { get; init; }

    /// <summary>The software, as its source names it.</summary>
    public required string Framework { get; init; }

    /// <summary>Devices that shared the work.</summary>
    public required int Devices { get; init; }

    /// <summary>Requests at once.</summary>
    public required int Batch { get; init; }

    /// <summary>Tokens of each prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens generated for each request.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>How the devices shared the work, in the words of the source; null where it does not say.</summary>
    public string? Parallelism { get; init; }

    /// <summary>Storage of weights; null where the source does not say.</summary>
    public DataType? WeightType { get; init; }

    /// <summary>Storage of keys and values; null where the source does not say.</summary>
    public DataType? KvType { get; init; }

    /// <summary>From the start to the first token; null where it was not measured.</summary>
    public double? PromptSeconds { get; init; }

    /// <summary>Mean time of one generation step after the first token; null where it was not measured.</summary>
    public double? SecondsPerOutputToken { get; init; }

    /// <summary>From the start to the last token of the batch; null where it was not measured.</summary>
    public double? TotalSeconds { get; init; }

    /// <summary>Why <see cref="TotalSeconds"/> alone must not be compared; null where it may.</summary>
    public string? TotalCaution { get; init; }

    /// <summary>Average power of one device; null where it was not measured.</summary>
    public double? Watts { get; init; }

    /// <summary>Average power as a share of the device's thermal design power; null where it was not measured.</summary>
    public double? PowerShare { get; init; }

    /// <summary>The file that it stands in.</summary>
    public required string File { get; init; }

    /// <summary>One-based line of the file.</summary>
    public required long Line { get; init; }

    /// <summary>Why the row is known to be wrong and must not be compared; null for all others.</summary>
    public string? Caution { get; init; }
}
