using System.CommandLine;
using PimSim.Devices.Dram.Checking;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;
using PimSim.Traces.Format.Documents;

namespace PimSim.Cli;

/// <summary><c>pimsim dram TRACE</c>: simulates a memory under a trace of requests; <c>pimsim dram check</c>: checks a command trace.</summary>
internal static class DramCommandLine
{
    private const int BrokenRules = 1;

    public static Command Create()
    {
        Argument<string?> trace = new("TRACE") { Description = "Requests: DRAMsim3, Ramulator 2 (LD/ST or R/W), or CSV id,arrival,op,rank,bankgroup,bank,row,col; gzip too; - for standard input.", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> config = new("--config") { Description = "A memory of the catalogue ('pimsim list memories'), a memory file (.yaml) or a DRAMsim3 configuration (.ini)." };
        Option<string?> policy = new("--policy") { Description = "Controller: a name of 'pimsim list controllers' or a file. Default: frfcfs; of an .ini file its own." };
        Option<string?> mapping = new("--mapping") { Description = "Address mapping, most significant first (RoRaBaCoBgPcCh) or by bit (row=17-32 bankgroup=13,14 ...). Default: the configuration's or controller's." };
        Option<int?> channels = new("--channels") { Description = "Channels. Default: the .ini file's, else 1." };
        Option<string?> traceFormat = new("--trace-format") { Description = $"{string.Join(", ", RequestFormats.Names)}; default: told from the first line." };
        Option<string?> commands = new("--commands") { Description = "Write every DRAM command as CSV (cycle,cmd,channel,rank,bankgroup,bank,row,col; -1 where a command has none)." };
        Option<string?> latencies = new("--latencies") { Description = "Write every request as CSV (id,accepted,done), in cycles." };
        Option<DirectoryInfo?> folder = new("--out") { Description = "Write statistics.json and figures into this folder." };
        Option<string?> format = new("--format") { Description = "What goes to standard output: table or json. Default: table on a terminal, json otherwise." };
        format.AcceptOnlyFromAmong("table", "json");
        channels.Validators.Add(RunCommand.RequirePositive);

        Command command = new("dram", "Simulates a DRAM under a trace of requests, command by command.") { trace, config, policy, mapping, channels, traceFormat, commands, latencies, folder, format };
        command.Subcommands.Add(CreateCheck());
        command.SetAction(parsed => new DramSession(
            Needed(parsed.GetValue(trace), "a TRACE: a file of requests, or - for standard input"),
            DramSetup.Open(Needed(parsed.GetValue(config), "--config: a memory of 'pimsim list memories', a .yaml or an .ini file"), parsed.GetValue(policy), parsed.GetValue(mapping), parsed.GetValue(channels)),
            parsed.GetValue(traceFormat) is { } name ? RequestFormats.Parse(name) : null,
            parsed.GetValue(commands),
            parsed.GetValue(latencies),
            parsed.GetValue(folder)?.ToString(),
            parsed.GetValue(format) is { } wanted ? wanted == "json" : Console.IsOutputRedirected).Run());
        return command;
    }

    private static Command CreateCheck()
    {
        Argument<string> commands = new("COMMANDS") { Description = "A command trace as CSV, as --commands writes it; gzip too." };
        Option<string> config = new("--config") { Description = "A memory of the catalogue, a memory file (.yaml) or a DRAMsim3 configuration (.ini).", Required = true };
        Option<bool> noRefresh = new("--ignore-refresh-count") { Description = "Do not ask whether refreshes were issued often enough." };
        Command check = new("check", "Checks a command trace against the memory's timing rules, by a checker that shares no code with the controller. Exit code 1 if a rule is broken.") { commands, config, noRefresh };
        check.SetAction(parsed =>
        {
            CommandTraceReport report = CommandTraceCheck.Run(
                parsed.GetRequiredValue(commands),
                DramSetup.OpenMemory(parsed.GetRequiredValue(config)),
                countsRefreshes: !parsed.GetValue(noRefresh));
            Console.Out.WriteLine($"{report.Commands} commands on {report.Channels} channel(s) up to cycle {report.LastCycle}; refreshes: {report.RefreshesIssued} issued, {report.RefreshesExpected} due");
            foreach ((string rule, long count) in report.Violations.ByRule.OrderByDescending(rule => rule.Value))
            {
                Console.Out.WriteLine($"{count} x {rule}");
            }

            foreach (string text in report.Violations.Texts)
            {
                Console.Out.WriteLine(text);
            }

            Console.Out.WriteLine(report.Violations.Count == 0 ? "no rule is broken" : $"{report.Violations.Count} violations");
            return report.Violations.Count == 0 ? 0 : BrokenRules;
        });
        return check;
    }

    private static string Needed(string? value, string what) =>
        value ?? throw new PimSimUserException($"'pimsim dram' needs {what}; 'pimsim dram --help' lists what can be said.");
}
