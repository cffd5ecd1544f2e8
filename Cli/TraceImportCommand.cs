using System.CommandLine;
using PimSim.Experiments.Running;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Requests;

namespace PimSim.Cli;

/// <summary><c>pimsim trace import</c>: another tool's file as a PimSim trace, if it holds operators, or as JSON Lines of requests.</summary>
internal static class TraceImportCommand
{
    // In the order of the enumeration.
    private static readonly string[] Phases = ["prefill", "decode"];

    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "A file of another tool; gzip too." };
        Option<string?> from = new("--from") { Description = $"{ImportFormats.NamesInOneText}; default: told from the content." };
        Option<string?> phase = new("--phase") { Description = "What the operators were doing, which no profiler records: prefill or decode. Default: prefill." };
        Option<string> target = new("--out") { Description = $"Operators: {TraceFile.ExtensionNames}. Requests: .jsonl.", Required = true };
        phase.AcceptOnlyFromAmong(Phases);
        Command command = new("import", "Reads another tool's trace of operators or requests and says what it holds.") { file, from, phase, target };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(file),
            parsed.GetValue(from) is { } name ? ImportFormats.Parse(name) : null,
            parsed.GetValue(phase) is { } word ? (Phase)Array.IndexOf(Phases, word) : null,
            parsed.GetRequiredValue(target)));
        return command;
    }

    private static int Run(string file, ImportFormat? from, Phase? phase, string target)
    {
        using Interruption interruption = new();
        ImportedTrace imported = TraceImport.Open(file, from, phase is { } given ? ImportOptions.Default with { Phase = given } : ImportOptions.Default);
        if (phase is not null && imported is not IStepSource)
        {
            throw new PimSimUserException($"{file}: --phase is of operators, and this file holds requests; leave it out");
        }

        switch (imported)
        {
            case IStepSource source:
                TraceFile.RequireExtension(target);
                TraceFile.Write(target, Header(imported, source), source.Steps(), interruption.Token);
                break;
            case ImportedRequests requests:
                Write(target, stream => RequestJsonLines.Write(stream, requests.Requests()));
                break;
            case ImportedBenchmark benchmark:
                Write(target, stream => RequestJsonLines.Write(stream, benchmark.Requests));
                break;
            default:
                throw new InvalidOperationException($"{imported.GetType().Name} is written nowhere");
        }

        Console.Out.WriteLine(imported.Description);
        return 0;
    }

    private static void Write(string target, Action<Stream> write)
    {
        if (!target.EndsWith(RequestJsonLines.Extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new PimSimUserException($"{target}: the file holds requests, which are written as JSON Lines; a name that ends in {RequestJsonLines.Extension} would be right");
        }

        AtomicFile.Write(target, write);
    }

    private static TraceHeader Header(ImportedTrace imported, IStepSource source) => new()
    {
        Footprint = source.Footprint,
        Program = $"PimSim {ExperimentRunner.Version}",
        Technique = "imported",
        Backend = imported.Format.Name(),
        Machine = "not recorded in the file",
        PromptTokens = 0,
        GeneratedTokens = 0,
        Seed = 0,
    };
}
