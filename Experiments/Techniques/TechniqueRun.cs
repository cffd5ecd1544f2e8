using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Techniques;

/// <summary>Hardware for a run: a system of the catalogue, or one to several GPUs with a stack.</summary>
/// <param name="System">Name of a system; null for GPUs.</param>
/// <param name="Gpu">Name of a GPU.</param>
/// <param name="Stack">Name of a stack.</param>
/// <param name="Gpus">How many share the model out.</param>
public sealed record RunHardware(string? System, string? Gpu, string? Stack, int Gpus)
{
    /// <summary>In words.</summary>
    public string Text => System ?? $"{(Gpus > 1 ? $"{Gpus}x " : "")}{Gpu} with {Stack}";
}

/// <summary>One technique on one model and hardware. Equal runs are equal values.</summary>
/// <param name="Technique">Name of the technique.</param>
/// <param name="Model">Name of a decoder or a network.</param>
/// <param name="Hardware">What it runs on.</param>
/// <param name="PromptTokens">Tokens of each prompt.</param>
/// <param name="GeneratedTokens">Tokens wanted of each sequence.</param>
/// <param name="Sequences">Sequences at once; 0 for as many as fit.</param>
/// <param name="Settings">Changes to the technique's settings, in the order of names, as text: <c>acceptedTokens=2.7</c>.</param>
public sealed record TechniqueRun(string Technique, string Model, RunHardware Hardware, int PromptTokens, int GeneratedTokens, int Sequences, string Settings)
{
    /// <summary>As <see cref="Sequences"/>: the largest power of two that fits, as batches are usually tried (<c>max2</c> in files).</summary>
    public const int LargestPowerOfTwo = -2;

    /// <summary>How many sequences, in words.</summary>
    public string SequencesText => Sequences switch
    {
        0 => "as many as fit",
        LargestPowerOfTwo => "the largest power of two that fits",
        _ => Sequences.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <summary>Most tokens of a prompt or an output.</summary>
    private const int MostTokens = 1 << 22;

    /// <summary>Reads a run from a mapping; what it leaves out is as in <paramref name="like"/>. Faults go to the problem list.</summary>
    /// <param name="node">The mapping.</param>
    /// <param name="technique">Technique if nothing else is said.</param>
    /// <param name="like">A run that this one is a variant of; null where all has to be said.</param>
    public static TechniqueRun Read(DataNode node, string technique, TechniqueRun? like)
    {
        ArgumentNullException.ThrowIfNull(node);
        string Word(string key, string? otherwise)
        {
            DataNode value = otherwise is null ? node.Required(key) : node.Optional(key);
            return value.Exists ? value.Text() : otherwise ?? "";
        }

        int Count(string key, int? otherwise, int least)
        {
            DataNode value = otherwise is null ? node.Required(key) : node.Optional(key);
            return value.Exists ? (int)value.Integer(least, MostTokens, Math.Max(1, least)) : otherwise ?? 1;
        }

        DataNode system = node.Optional("system");
        DataNode gpu = node.Optional("gpu");
        DataNode stack = node.Optional("stack");
        DataNode gpus = node.Optional("gpus");
        RunHardware? hardware = like?.Hardware;
        if (system.Exists)
        {
            hardware = new RunHardware(system.Text(), null, null, 1);
        }
        else if (gpu.Exists || stack.Exists || gpus.Exists)
        {
            hardware = new RunHardware(
                null,
                gpu.Exists ? gpu.Text() : hardware?.Gpu,
                stack.Exists ? stack.Text() : hardware?.Stack,
                gpus.Exists ? (int)gpus.Integer(1, 16, 1) : hardware?.Gpus ?? 1);
        }

        if (hardware is null or { System: null, Gpu: null } or { System: null, Stack: null })
        {
            node.Report("say what it runs on: 'system', or 'gpu' and 'stack'");
            hardware = new RunHardware("", null, null, 1);
        }

        DataNode sequences = node.Optional("sequences");
        int wanted = sequences.RawText == "max" ? 0
            : sequences.RawText == "max2" ? LargestPowerOfTwo
            : sequences.Exists ? (int)sequences.Integer(1, 1 << 20, 1)
            : like?.Sequences ?? 1;
        string name = node.Optional("technique") is { Exists: true } other ? other.Text() : technique;
        DataNode settings = node.Optional("settings");
        string changes = settings.Exists
            ? string.Join(";", settings.Entries().OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={string.Join(",", entry.Value.Items().Select(item => item.RawText))}"))
            : like is not null && like.Technique == name ? like.Settings : "";
        TechniqueRun run = new(
            name,
            Word("model", like?.Model),
            hardware,
            Count("prompt", like?.PromptTokens, 1),
            Count("tokens", like?.GeneratedTokens, 1),
            wanted,
            changes);
        node.RejectUnknownKeys();
        return run;
    }

    /// <summary>The changes as numbers.</summary>
    /// <exception cref="PimSimUserException">One is not a number.</exception>
    public IEnumerable<KeyValuePair<string, ImmutableArray<double>>> Changes() => Settings.Length == 0 ? [] : Settings.Split(';').Select(change =>
    {
        string[] parts = change.Split('=', 2);
        return KeyValuePair.Create(parts[0], parts[1].Split(',').Select(text =>
            double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out double number)
                ? number
                : throw new PimSimUserException($"setting '{parts[0]}' of technique '{Technique}': '{text}' is not a number")).ToImmutableArray());
    });
}

/// <summary>What a run took.</summary>
/// <param name="Sequences">Sequences at once.</param>
/// <param name="Tokens">Tokens committed, over all sequences.</param>
/// <param name="Steps">Steps.</param>
/// <param name="Seconds">From the start to the end of the last step.</param>
/// <param name="FirstTokenSeconds">To the end of the first step that commits; null if none does.</param>
/// <param name="Joules">Energy of everything.</param>
/// <param name="Dollars">Price of the time; null where the hardware has none.</param>
/// <param name="Parameters">Numbers in all weights.</param>
/// <param name="WeightBytes">Their bytes.</param>
/// <param name="PeakKvBytes">Keys and values held at most.</param>
/// <param name="Flops">Of all operators, derived from their shapes.</param>
/// <param name="Bytes">Of all operators, derived from their shapes.</param>
/// <param name="TimePs">Picoseconds by what bound it: memory, compute, launches, host, links ...</param>
/// <param name="PeakOperandBytes">Inputs and results of the operator that has most of them.</param>
public sealed record TechniqueResult(
    int Sequences,
    long Tokens,
    int Steps,
    double Seconds,
    double? FirstTokenSeconds,
    double Joules,
    double? Dollars,
    long Parameters,
    long WeightBytes,
    long PeakKvBytes,
    long Flops,
    long Bytes,
    IReadOnlyDictionary<string, long> TimePs,
    long PeakOperandBytes)
{
    /// <summary>From the arrival of a request to its last token, mean over requests; null where nothing arrives.</summary>
    public double? MeanLatencySeconds { get; init; }
}
