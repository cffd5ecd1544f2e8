using PimSim.Experiments.Results;

namespace PimSim.Reports.Tests;

/// <summary>A result as an experiment makes it: GPT models on PIM, a GPU and a CPU; every breakdown adds up exactly.</summary>
internal static class SampleResult
{
    public static readonly string[] PimTime = ["mac-bound", "idle-banks", "row-opening", "refresh", "vector-transfer", "mode-change", "bank-access", "asic"];
    public static readonly string[] PimEnergy = ["activate", "mac-array", "mac-units", "bank-access", "refresh", "standby", "io", "asic-dynamic", "asic-static"];
    public static readonly string[] ProcessorTime = ["memory", "compute", "launch", "host", "opaque"];
    public static readonly string[] ProcessorEnergy = ["static", "compute", "memory"];

    private const long Tokens = 1024;

    // Roles with their weight in the time of a token, and the weight of each component in the time of PIM.
    private static readonly (string Role, int Weight)[] Roles =
    [
        ("Embedding", 2), ("AttentionNorm", 9), ("QkvProjection", 240), ("KvAppend", 11), ("Attention", 130), ("OutputProjection", 85),
        ("FfnNorm", 9), ("FfnUp", 310), ("FfnActivation", 14), ("FfnDown", 300), ("Residual", 6), ("FinalNorm", 1), ("LmHead", 90), ("Sample", 3),
    ];

    private static readonly int[] PimTimeWeights = [610, 55, 90, 31, 120, 7, 12, 75];
    private static readonly int[] PimEnergyWeights = [220, 310, 150, 8, 12, 90, 60, 3, 40];

    /// <summary>Two claims, one met and one missed.</summary>
    public static IReadOnlyList<ClaimResult> Claims { get; } =
    [
        new("PIM-GPT", "speed-up over t4, geometric mean", "shape", 41, 137, 44.25, 101.5, 71.3, "x", "met", "section 6.2, figure 8"),
        new("PIM-GPT", "energy over the CPU's, \"all\" models", "calibrated", 890, 1632, 312.7, 655.1, 470.2, "x", "missed", "section 6.2, figure 9"),
    ];

    /// <summary>Three models on three systems.</summary>
    public static ExperimentResult Small(IReadOnlyList<ClaimResult>? claims = null) => Of(["gpt2-small", "gpt2-xl", "gpt3-xl"], ["pim-gpt", "t4", "xeon-6154"], claims);

    /// <summary>Models on systems; the first system is PIM and the reference, the others processors, unless named 'pim...'.</summary>
    public static ExperimentResult Of(IReadOnlyList<string> models, IReadOnlyList<string> systems, IReadOnlyList<ClaimResult>? claims = null)
    {
        List<PointResult> points = [];
        for (int model = 0; model < models.Count; model++)
        {
            for (int system = 0; system < systems.Count; system++)
            {
                // Larger models take longer; the second system is some 60 times slower than PIM, the third some 900 times.
                long tokenPicoseconds = 310_000_000 + (model * 613_123_457L);
                long factor = systems[system].StartsWith("pim", StringComparison.Ordinal) ? 1 + system : system == 1 ? 57 + model : 811 + (71 * system);
                points.Add(Point(models[model], systems[system], tokenPicoseconds * factor * Tokens, (12 + (3.5 * model)) * (1 + (factor * 6.3))));
            }
        }

        return new()
        {
            Title = "PIM-GPT on GPT models",
            Version = "0.1.0",
            InputHash = "3f2ac09d41b7e8c5a6d1f0e9b8c7d6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c9",
            Workload = "autoregressive, prompt of 32 tokens, 1024 tokens, 1 sequence",
            Reference = systems[0],
            Models = models,
            Systems = systems,
            Points = points,
            Claims = claims ?? [],
        };
    }

    /// <summary>The same as a replay of another tool's trace: no tokens, a quarter of each time taken over as measured.</summary>
    public static ExperimentResult WithoutTokens()
    {
        ExperimentResult sample = Small();
        return sample with
        {
            Trace = new TraceOrigin("profile.parquet", "ab12", "PimSim 0.1.0", "not recorded in the file", 3, 1204, 812),
            Points = [.. sample.Points.Select(point => point with
            {
                Tokens = 0,
                TokensPerSecond = null,
                MillisecondsPerToken = null,
                JoulesPerToken = null,
                DollarsPerMillionTokens = null,
                FirstTokenPicoseconds = null,
                ElapsedPicoseconds = 4 * (point.ElapsedPicoseconds / 4),
                TimeComponents = ["compute", PointResult.MeasuredComponent],
                TimePicoseconds = new Dictionary<string, IReadOnlyDictionary<string, long>>
                {
                    ["Other"] = new Dictionary<string, long> { ["compute"] = 3 * (point.ElapsedPicoseconds / 4), [PointResult.MeasuredComponent] = point.ElapsedPicoseconds / 4 },
                },
            })],
        };
    }

    private static PointResult Point(string model, string system, long picoseconds, double millijoulesPerToken)
    {
        bool pim = system.StartsWith("pim", StringComparison.Ordinal);
        string[] timeComponents = pim ? PimTime : ProcessorTime;
        string[] energyComponents = pim ? PimEnergy : ProcessorEnergy;
        decimal attojoules = Math.Round((decimal)millijoulesPerToken * 1e15m * Tokens);
        double seconds = picoseconds * 1e-12;
        double joules = (double)attojoules * 1e-18;
        return new()
        {
            Model = model,
            System = system,
            Parts = pim ? ["pim-gpt-memory", "pim-gpt-asic"] : [system, "pytorch-2023"],
            Changes = pim ? [] : ["bandwidth = 300 GB/s"],
            Parameters = 1_557_611_200,
            Tokens = Tokens,
            ElapsedPicoseconds = picoseconds,
            FirstTokenPicoseconds = picoseconds / 20,
            TokensPerSecond = Tokens / seconds,
            MillisecondsPerToken = seconds * 1e3 / Tokens,
            Joules = joules,
            JoulesPerToken = joules / Tokens,
            AverageWatts = joules / seconds,
            DollarsPerMillionTokens = (pim ? 0.01 : 0.526) / (3600 * Tokens / seconds) * 1e6,
            PriceBasis = pim ? "owned: 119 $, 3 years at 50 %, 2024 (estimated)" : "rented: 0.526 $/h, AWS g4dn.xlarge, 2026-01-21",
            TimePicoseconds = Split(picoseconds, timeComponents, pim ? PimTimeWeights : [700, 90, 180, 30, 20], value => (long)value),
            EnergyAttojoules = Split(attojoules, energyComponents, pim ? PimEnergyWeights : [600, 150, 250], value => value),
            TimeComponents = timeComponents,
            EnergyComponents = energyComponents,
            Counters = new Dictionary<string, long> { ["commands.MACAB"] = 123_456_789, ["activations"] = 42 },
            Flops = 3_115_222_400 * Tokens,
            TraceBytes = 3_200_000_000 * Tokens,
        };
    }

    /// <summary>Whole parts by role and component, in proportion to the weights; what rounding leaves over goes to the first.</summary>
    private static Dictionary<string, IReadOnlyDictionary<string, T>> Split<T>(decimal total, string[] components, int[] weights, Func<decimal, T> convert)
        where T : struct
    {
        decimal whole = Roles.Sum(role => role.Weight) * (decimal)weights.Sum();
        decimal[,] parts = new decimal[Roles.Length, components.Length];
        decimal rest = total;
        for (int role = 0; role < Roles.Length; role++)
        {
            for (int component = 0; component < components.Length; component++)
            {
                parts[role, component] = Math.Floor(total / whole * Roles[role].Weight * weights[component]);
                rest -= parts[role, component];
            }
        }

        parts[0, 0] += rest;
        return Enumerable.Range(0, Roles.Length).ToDictionary(
            role => Roles[role].Role,
            role => (IReadOnlyDictionary<string, T>)Enumerable.Range(0, components.Length).ToDictionary(component => components[component], component => convert(parts[role, component])));
    }
}
