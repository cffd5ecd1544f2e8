using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PimSim.Reports.Tables;
using PimSim.Reports.Traces;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Exporters;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Engines;

namespace PimSim.Cli;

/// <summary><c>pimsim trace record|info|export|import</c>.</summary>
internal static class TraceCommandLine
{
    private const string Chrome = "chrome";
    private const string Chakra = "chakra";

    public static Command Create() => new("trace", "Records, inspects and converts traces: what ran, operator by operator.")
    {
        CreateRecord(),
        CreateInfo(),
        CreateExport(),
        TraceImportCommand.Create(),
    };

    private static Command CreateRecord()
    {
        Option<string> model = new("--model") { Description = $"A name of 'pimsim list models', a folder with a model, or {EngineModels.Builtin}.", DefaultValueFactory = _ => EngineModels.Builtin };
        Option<string> backend = new("--backend") { Description = $"{EngineModels.BackendNames}; shape computes nothing and is exact in all shapes.", DefaultValueFactory = _ => EngineModels.CpuBackendName };
        Option<string> technique = new("--technique") { Description = "How tokens are generated; 'pimsim list techniques'.", DefaultValueFactory = _ => "autoregressive" };
        Option<int?> promptTokens = new("--prompt-tokens") { Description = "Length of the prompt of each sequence: the token that begins a text, where the model has one, then drawn ones. Default: 1." };
        Option<FileInfo?> promptFile = new("--prompt-file") { Description = "A text (UTF-8) as the prompt of each sequence." };
        Option<int?> tokens = new("--tokens") { Description = "Tokens to generate, per sequence.", Required = true };
        Option<int?> sequences = new("--sequences") { Description = "Sequences generated at once. Default: 1." };
        Option<int?> seed = new("--seed") { Description = "Seed of all that is drawn; the trace file notes it." };
        Option<int?> threads = new("--threads") { Description = "Threads of the cpu backend. Default: one per processor." };
        threads.Validators.Add(RunCommand.RequirePositive);
        Option<int?> warmUp = new("--warm-up") { Description = $"Steps run once before and not recorded, so that compiling code is in no measured time; the trace is the same but for its times. 0: none. Default: {TraceRecording.DefaultWarmUpSteps} where operators are timed." };
        warmUp.Validators.Add(RequireNotNegative);
        Option<string> file = OutOption($"The trace file; {TraceFile.ExtensionNames}.");
        Option<DirectoryInfo?> catalogue = ShowCommand.CatalogueOption();
        promptTokens.Validators.Add(RunCommand.RequirePositive);
        tokens.Validators.Add(RunCommand.RequirePositive);
        sequences.Validators.Add(RunCommand.RequirePositive);
        Command command = new("record", "Runs a model on the engine and records every operator.") { model, backend, technique, promptTokens, promptFile, tokens, sequences, seed, threads, warmUp, file, catalogue };
        command.Validators.Add(result =>
        {
            if (result.GetResult(promptTokens) is not null && result.GetResult(promptFile) is not null)
            {
                result.AddError("--prompt-tokens and --prompt-file are one or the other");
            }
        });
        command.SetAction(parsed => new TraceRecordSession(
            parsed.GetRequiredValue(model),
            parsed.GetRequiredValue(backend),
            parsed.GetRequiredValue(technique),
            parsed.GetValue(promptTokens) ?? 1,
            parsed.GetValue(promptFile)?.ToString(),
            parsed.GetRequiredValue(tokens)!.Value,
            parsed.GetValue(sequences) ?? 1,
            parsed.GetValue(seed) ?? 0,
            parsed.GetValue(threads) ?? 0,
            parsed.GetValue(warmUp),
            parsed.GetRequiredValue(file),
            parsed.GetValue(catalogue)?.ToString()).Run());
        return command;
    }

    private static Command CreateInfo()
    {
        Argument<string> file = FileArgument();
        Option<string?> format = new("--format") { Description = "table or json. Default: table on a terminal, json otherwise." };
        format.AcceptOnlyFromAmong("table", "json");
        Command command = new("info", "Shows what a trace holds: steps, operators by role with FLOPs, bytes and measured time, arithmetic intensity.") { file, format };
        command.SetAction(parsed =>
        {
            TraceFileSource source = TraceFile.Open(parsed.GetRequiredValue(file));
            var summary = TraceSummary.Of(source);
            if (parsed.GetValue(format) is { } wanted ? wanted == "json" : Console.IsOutputRedirected)
            {
                using Stream output = Console.OpenStandardOutput();
                output.Write(TraceSummaryJson.Write(source.Path, source.Header, summary));
                return 0;
            }

            foreach (ReportTable table in TraceTables.Of(source.Path, source.Header, summary))
            {
                ScreenTables.Print(table);
            }

            return 0;
        });
        return command;
    }

    private static Command CreateExport()
    {
        Argument<string> file = FileArgument();
        Option<string> to = new("--to") { Description = $"{Chrome}: Chrome-trace JSON for Perfetto; {Chakra}: an MLCommons Chakra execution trace (.et).", Required = true };
        to.AcceptOnlyFromAmong(Chrome, Chakra);
        Option<string> target = OutOption("The file to write.");
        Command command = new("export", "Writes a trace in another tool's format.") { file, to, target };
        command.SetAction(parsed =>
        {
            TraceFileSource source = TraceFile.Open(parsed.GetRequiredValue(file));
            string path = parsed.GetRequiredValue(target);
            using Interruption interruption = new();
            IEnumerable<Step> steps = source.Steps().Select(step =>
            {
                interruption.Token.ThrowIfCancellationRequested();
                return step;
            });
            AtomicFile.Write(path, stream =>
            {
                using BufferedStream buffered = new(stream, 1 << 16);
                if (parsed.GetRequiredValue(to) == Chrome)
                {
                    ChromeTrace.Write(buffered, source.Header, steps);
                }
                else
                {
                    ChakraTrace.Write(buffered, source.Header, steps);
                }
            });
            return 0;
        });
        return command;
    }

    private static Argument<string> FileArgument() => new("FILE") { Description = $"A trace file: {TraceFile.ExtensionNames}." };

    private static void RequireNotNegative(OptionResult result)
    {
        foreach (Token token in result.Tokens)
        {
            if (int.TryParse(token.Value, CultureInfo.InvariantCulture, out int number) && number < 0)
            {
                result.AddError($"{result.Option.Name} needs a number of 0 or more, not {number}");
            }
        }
    }

    private static Option<string> OutOption(string description) => new("--out") { Description = description, Required = true };
}
