using System.CommandLine;
using System.Globalization;
using PimSim.Experiments.Results;
using PimSim.Reports;

namespace PimSim.Cli;

/// <summary><c>pimsim report RESULTS...</c>: figures and page of stored results, made anew.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Argument<string[]> results = new("RESULTS") { Description = "Result folders, or results.json files, of 'pimsim run'.", Arity = ArgumentArity.OneOrMore };
        Option<DirectoryInfo?> folder = new("--out") { Description = "Folder for the report; default where the results are. With several results each gets a folder of its own in it." };
        Command command = new("report", "Makes figures, tables and the HTML page of stored results anew.") { results, folder };
        command.SetAction(parsed =>
        {
            string[] sources = parsed.GetRequiredValue(results);

            // All are read before anything is written.
            List<(string Folder, ExperimentResult Result)> reports = [];
            foreach (string source in sources)
            {
                ExperimentResult result = ReportFolder.Read(source);
                string own = Directory.Exists(source) ? source : Path.GetDirectoryName(Path.GetFullPath(source))!;
                string? target = parsed.GetValue(folder)?.ToString();
                reports.Add((target is null ? own : sources.Length == 1 ? target : Path.Combine(target, Path.GetFileName(Path.TrimEndingDirectorySeparator(own))), result));
            }

            foreach ((string target, ExperimentResult result) in reports)
            {
                int files = ReportFolder.Write(result, target).Count;
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{files} files in {target}"));
            }

            return 0;
        });
        return command;
    }
}
