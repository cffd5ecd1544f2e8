using System.CommandLine;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Techniques;
using PimSim.Reports;
using PimSim.Reports.Tables;
using PimSim.Reports.Techniques;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;

namespace PimSim.Cli;

/// <summary><c>pimsim reproduce [ID ...]</c>: published claims against simulated ones.</summary>
internal static class ReproduceCommand
{
    private const int Missed = 1;

    public static Command Create()
    {
        Argument<string[]> ids = new("ID") { Description = "Numbers of papers, names of techniques or ids of claims. Default: all.", Arity = ArgumentArity.ZeroOrMore };
        Option<DirectoryInfo?> folder = new("--out") { Description = "Write claims.csv, claims.json, report.html and the figure into this folder." };
        Option<int> threads = new("--threads") { Description = "Runs at once; the result does not depend on it. Default: all cores.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<string?> format = new("--format") { Description = "What goes to standard output: table or csv. Default: table on a terminal, csv otherwise." };
        Option<DirectoryInfo?> catalogue = ShowCommand.CatalogueOption();
        format.AcceptOnlyFromAmong("table", "csv");
        threads.Validators.Add(RunCommand.RequirePositive);
        Command command = new("reproduce", "Simulates what papers published of their techniques and puts both numbers side by side. Exit code 1 if a run failed; a miss is no failure.") { ids, folder, threads, format, catalogue };
        command.SetAction(parsed => Run(
            parsed.GetValue(ids) ?? [],
            parsed.GetValue(folder)?.ToString(),
            parsed.GetValue(threads),
            parsed.GetValue(format) is { } wanted ? wanted == "csv" : Console.IsOutputRedirected,
            parsed.GetValue(catalogue)?.ToString()));
        return command;
    }

    private static int Run(string[] ids, string? folder, int threads, bool csv, string? userFolder)
    {
        if (userFolder is not null && !Directory.Exists(userFolder))
        {
            throw new PimSimUserException($"there is no folder '{userFolder}'");
        }

        TechniqueCatalogue techniques = ExperimentReader.Techniques(userFolder);
        IReadOnlyList<TechniqueClaim> claims = Reproduction.Claims(techniques, ids);
        if (folder is not null)
        {
            ReportFolder.RequireWritable(folder);
        }

        TechniqueRunner runner = new(new HardwareCatalogue(userFolder), ExperimentReader.Zoo(userFolder), NetworkZoo.Shipped, techniques);
        using Interruption interruption = new();
        IReadOnlyList<ReproducedClaim> results = ScreenProgress.Watch("claims", claims.Count, onDone => Reproduction.Run(runner, claims, threads, () => onDone(1), interruption.Token));
        if (folder is not null)
        {
            ReproductionFolder.Write(results, folder);
        }

        if (csv)
        {
            Console.Out.Write(ReproductionFolder.Csv(results));
        }
        else
        {
            foreach (ReportTable table in ReproductionTables.Of(results))
            {
                ScreenTables.Print(table);
            }
        }

        return results.Any(result => result.Fault is not null) ? Missed : 0;
    }
}
