using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram;

/// <summary>
/// The rules of a DRAM standard as a file: rows of scope, preceding commands, following commands and latency expression. A
/// device brings the values of the parameters.
/// </summary>
public static class DramStandard
{
    // In the order of the enumeration.
    private static readonly string[] Scopes = ["channel", "pseudochannel", "rank", "otherrank", "bankgroup", "bank"];

    /// <summary>Reads a standard of one command bus and one command a cycle and resolves its latencies with a device's
    /// parameters (cycles by name). A rule whose latency comes out at 0 or less is always met and left out.</summary>
    public static TimingTable Read(CatalogueEntry standard, IReadOnlyDictionary<string, long> parameters)
    {
        ArgumentNullException.ThrowIfNull(standard);
        (List<TimingRule> rules, List<WindowRule> windows) = ReadRules(standard, parameters, CommandLengths.OneCycle);
        standard.Root.RejectUnknownKeys();
        return new TimingTable(rules, windows);
    }

    /// <summary>
    /// Reads the rules between pairs and on windows. The file counts from the cycle in which the device takes a command; what
    /// comes back counts from each command's first cycle, as traces do.
    /// </summary>
    public static (List<TimingRule> Rules, List<WindowRule> Windows) ReadRules(CatalogueEntry standard, IReadOnlyDictionary<string, long> parameters, CommandLengths lengths)
    {
        ArgumentNullException.ThrowIfNull(standard);
        ArgumentNullException.ThrowIfNull(lengths);
        List<TimingRule> rules = [];
        List<WindowRule> windows = [];
        foreach (DataNode row in standard.Root.Required("rules").Items())
        {
            RuleScope scope = (RuleScope)Array.IndexOf(Scopes, row.Required("scope").Word(Scopes, Scopes[0]));
            DramCommand[] before = Commands(row.Required("from"));
            DramCommand[] after = Commands(row.Required("to"));
            DataNode latency = row.Required("latency");
            int cycles = (int)LatencyExpression.Evaluate(latency, parameters);
            CheckSource(standard, row);
            row.RejectUnknownKeys();
            foreach (DramCommand from in before)
            {
                foreach (DramCommand to in after)
                {
                    int shift = lengths.TakenAfter(from) - lengths.TakenAfter(to);
                    if (cycles + shift > 0)
                    {
                        string shifted = shift == 0 ? "" : $" {(shift < 0 ? '-' : '+')} {Math.Abs(shift)}";
                        rules.Add(new TimingRule(scope, from, to, cycles + shift, $"{from.Name()} -> {to.Name()}: {latency.RawText}{shifted} ({row.Optional("scope").RawText})"));
                    }
                }
            }
        }

        foreach (DataNode row in standard.Root.Optional("windows").Items())
        {
            DataNode latency = row.Required("latency");
            int cycles = (int)LatencyExpression.Evaluate(latency, parameters);
            int count = (int)row.Required("count").Integer(1, 64, 4);
            CheckSource(standard, row);
            foreach (DramCommand command in Commands(row.Required("commands")))
            {
                if (cycles > 0)
                {
                    windows.Add(new WindowRule(command, count, cycles, $"{count} {command.Name()} in {latency.RawText}"));
                }
            }

            row.RejectUnknownKeys();
        }

        return (rules, windows);
    }

    /// <summary>The parameters that the rules name, and the first row that names each.</summary>
    public static IReadOnlyDictionary<string, DataNode> ReadParameterNames(CatalogueEntry standard)
    {
        ArgumentNullException.ThrowIfNull(standard);
        Dictionary<string, DataNode> names = new(StringComparer.Ordinal);
        foreach (string part in (string[])["rules", "windows"])
        {
            foreach (DataNode row in standard.Root.Optional(part).Items())
            {
                DataNode latency = row.Optional("latency");
                foreach (string name in LatencyExpression.Names(latency.RawText))
                {
                    names.TryAdd(name, latency);
                }
            }
        }

        return names;
    }

    /// <summary>Reads how many command buses the standard has and how long each command occupies its own.</summary>
    public static (CommandBus Bus, CommandLengths Lengths) ReadBus(CatalogueEntry standard)
    {
        ArgumentNullException.ThrowIfNull(standard);
        CommandBus bus = standard.Root.Required("commandBus").Word(["shared", "split"], "shared") == "split" ? CommandBus.Split : CommandBus.Shared;
        int[] cycles = new int[DramCommands.Count];
        int[] takenAfter = new int[DramCommands.Count];
        Array.Fill(cycles, 1);
        foreach (DataNode row in standard.Root.Optional("commandCycles").Items())
        {
            int length = (int)row.Required("cycles").Integer(1, 16, 1);
            bool fromFirst = row.Optional("countedFrom").Word(["first", "last"], "last") == "first";
            foreach (DramCommand command in Commands(row.Required("commands")))
            {
                cycles[(int)command] = length;
                takenAfter[(int)command] = fromFirst ? 0 : length - 1;
            }

            CheckSource(standard, row);
            row.RejectUnknownKeys();
        }

        return (bus, new CommandLengths(cycles, takenAfter));
    }

    /// <summary>Reads the completion latencies: for each command the cycles from its issue until whoever waits for it can go
    /// on; 0 where the standard gives none. Call before <see cref="Read"/>.</summary>
    public static IReadOnlyList<int> ReadCompletions(CatalogueEntry standard, IReadOnlyDictionary<string, long> parameters)
    {
        ArgumentNullException.ThrowIfNull(standard);
        int[] completions = new int[DramCommands.Count];
        foreach (DataNode row in standard.Root.Required("completions").Items())
        {
            int cycles = (int)LatencyExpression.Evaluate(row.Required("latency"), parameters);
            foreach (DramCommand command in Commands(row.Required("commands")))
            {
                completions[(int)command] = cycles;
            }

            CheckSource(standard, row);
            row.RejectUnknownKeys();
        }

        return completions;
    }

    private static void CheckSource(CatalogueEntry standard, DataNode row)
    {
        DataNode source = row.Required("source");
        string key = source.Text();
        if (source.Exists && key != CatalogueEntry.Estimated && !standard.Sources.ContainsKey(key))
        {
            source.Report($"'{key}' is not in this file's 'sources'; {NearestWord.Suggest(key, [.. standard.Sources.Keys, CatalogueEntry.Estimated])}");
        }
    }

    private static DramCommand[] Commands(DataNode list)
    {
        IReadOnlyList<DataNode> items = list.Items();
        bool all = items is [{ RawText: "all" }];
        DramCommand[] commands = new DramCommand[all ? DramCommands.Count : items.Count];
        for (int index = 0; index < commands.Length; index++)
        {
            commands[index] = all ? (DramCommand)index : CommandOf(items[index]);
        }

        return commands;
    }

    private static DramCommand CommandOf(DataNode item)
    {
        if (!DramCommands.TryParse(item.RawText, out DramCommand command))
        {
            item.Report($"'{item.RawText}' is not a command; {NearestWord.Suggest(item.RawText, DramCommands.Names)}");
        }

        return command;
    }
}
