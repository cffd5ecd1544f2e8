using System.Collections.Immutable;
using System.CommandLine;
using PimSim.Experiments.Validation;
using PimSim.Reports.Tables;
using PimSim.Reports.Validation;

namespace PimSim.Cli;

/// <summary><c>pimsim validate DATA...</c>: predicted times and energies beside measured ones.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        Argument<string[]> data = new("DATA") { Description = "Files of measurements, or folders of them; docs/validation.md lists the formats.", Arity = ArgumentArity.OneOrMore };
        Option<string> device = new("--device") { Description = "The GPU that was measured: a name of Devices/Catalogue/gpus. The files do not say it.", Required = true };
        Option<string> stack = new("--stack") { Description = "The software that it ran: a name of 'pimsim list stacks'.", Required = true };
        Option<string?> collectives = new("--collectives") { Description = $"Software of collectives, of 'pimsim list collectives'. Default: that of the stack, or {ValidationSetup.DefaultCollectives}." };
        Option<string?> link = new("--link") { Description = "Link between the devices, of 'pimsim list links'. Default: the one of the GPU's data sheet." };
        Option<string?> classes = new("--class") { Description = $"Compare these classes only, with commas between: {string.Join(", ", MeasurementClasses.Words)}." };
        Option<DirectoryInfo?> folder = new("--out") { Description = "Write validation.json, every row as validation.csv, report.html and the figures into this folder." };
        Option<int> threads = new("--threads") { Description = "Threads; the result does not depend on them. Default: all cores.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<string?> format = new("--format") { Description = "What goes to standard output: table or json. Default: table on a terminal, json otherwise." };
        Option<DirectoryInfo?> catalogue = ShowCommand.CatalogueOption();
        format.AcceptOnlyFromAmong("table", "json");
        threads.Validators.Add(RunCommand.RequirePositive);
        Command command = new("validate", "Compares predicted times and energies of operators and of runs of whole models with measured ones. Exit code 0 however large the errors are.")
        {
            data, device, stack, collectives, link, classes, folder, threads, format, catalogue,
        };
        command.SetAction(parsed => Run(
            new ValidationRequest([.. parsed.GetRequiredValue(data)], parsed.GetRequiredValue(device), parsed.GetRequiredValue(stack))
            {
                Collectives = parsed.GetValue(collectives),
                Link = parsed.GetValue(link),
                Classes = ClassesOf(parsed.GetValue(classes)),
                Threads = parsed.GetValue(threads),
                Catalogue = parsed.GetValue(catalogue)?.ToString(),
            },
            parsed.GetValue(folder)?.ToString(),
            parsed.GetValue(format) is { } wanted ? wanted == "json" : Console.IsOutputRedirected));
        return command;
    }

    private static int Run(ValidationRequest request, string? folder, bool json)
    {
        using Interruption interruption = new();
        ValidationResult result = Validator.Run(request, interruption.Token);
        foreach (string warning in result.Warnings)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }

        if (folder is not null)
        {
            ValidationReportFolder.Write(result, folder);
        }

        if (json)
        {
            using Stream output = Console.OpenStandardOutput();
            output.Write(ValidationJson.Write(result));
            return 0;
        }

        foreach (ReportTable table in ValidationTables.Of(result))
        {
            ScreenTables.Print(table);
        }

        return 0;
    }

    internal static ImmutableArray<PimSim.Traces.Format.Measurements.MeasurementClass> ClassesOf(string? words) =>
        words is null ? [] : [.. words.Split(',', StringSplitOptions.TrimEntries).Select(MeasurementClasses.Parse).Distinct()];
}
