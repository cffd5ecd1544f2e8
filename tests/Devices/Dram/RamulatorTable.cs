using System.Globalization;
using System.Text.Json;
using PimSim.Devices.Dram;

namespace PimSim.Devices.Tests.Dram;

/// <summary>The constraint table that Ramulator 2.1 resolved for one of its configurations.</summary>
internal sealed class RamulatorTable
{
    private static readonly string[] LevelsWithRank = ["channel", "rank", "bankgroup", "bank"];
    private static readonly string[] LevelsWithPseudoChannel = ["channel", "pseudochannel", "bankgroup", "bank"];
    private static readonly string[] Names = ["ACT", "PRE", "PREA", "RD", "WR", "RDA", "WRA", "REFab", "REFpb"];

    private RamulatorTable(List<TimingRule> rules, List<int> windows)
    {
        Rules = rules;
        Windows = windows;
    }

    /// <summary>Pairs; those of the command bus left out.</summary>
    public List<TimingRule> Rules { get; }

    /// <summary>Windows of four activations.</summary>
    public List<int> Windows { get; }

    public static RamulatorTable Load(string configuration)
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/dram/configs.json")));
        List<string> lines = [.. file.RootElement.GetProperty(configuration).GetProperty("resolved_yaml").EnumerateArray().Select(line => line.GetString()!.Trim())];
        bool pseudoChannels = configuration.Contains("hbm", StringComparison.Ordinal);
        string[] levels = pseudoChannels ? LevelsWithPseudoChannel : LevelsWithRank;
        List<TimingRule> rules = [];
        List<int> windows = [];
        foreach (string line in lines.Skip(lines.IndexOf("timing_constraints:") + 1).TakeWhile(line => line.StartsWith("- [", StringComparison.Ordinal)))
        {
            // [level, [from ...], [to ...], latency, window, sibling]
            using JsonDocument row = JsonDocument.Parse(line[2..]);
            JsonElement[] parts = [.. row.RootElement.EnumerateArray()];
            string level = levels[parts[0].GetInt32()];
            int latency = parts[3].GetInt32();
            if (parts.Length == 5)
            {
                windows.Add(latency);
                continue;
            }

            // The row bus of HBM: ACT takes it for two cycles.
            if (pseudoChannels && level == "channel")
            {
                continue;
            }

            RuleScope scope = parts.Length == 6 ? RuleScope.OtherRank : Enum.Parse<RuleScope>(level, ignoreCase: true);
            foreach (JsonElement from in parts[1].EnumerateArray())
            {
                foreach (JsonElement to in parts[2].EnumerateArray())
                {
                    rules.Add(new TimingRule(scope, Command(from), Command(to), latency, string.Create(CultureInfo.InvariantCulture, $"{level} {Command(from)} -> {Command(to)}")));
                }
            }
        }

        return new RamulatorTable(rules, windows);
    }

    private static DramCommand Command(JsonElement index) => Enum.Parse<DramCommand>(Names[index.GetInt32()]);
}
