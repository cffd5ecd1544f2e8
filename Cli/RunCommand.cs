using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;

namespace PimSim.Cli;

/// <summary><c>pimsim run FILE</c>: one experiment, table on screen, results and report in a folder.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        Argument<FileInfo> file = new("FILE") { Description = "Experiment file (YAML); samples/ has some." };
        Option<DirectoryInfo> folder = new("--out") { Description = "Folder for results and report; default results/NAME of the experiment file." };
        Option<string[]> models = new("--model") { Description = "Only this model of the experiment; may be repeated.", AllowMultipleArgumentsPerToken = true };
        Option<string[]> systems = new("--system") { Description = "Only this system of the experiment; may be repeated.", AllowMultipleArgumentsPerToken = true };
        Option<int?> tokens = new("--tokens") { Description = "Generate so many tokens instead." };
        Option<FileInfo?> commands = new("--commands") { Description = "Write every DRAM command as CSV (cycle,cmd,channel,rank,bankgroup,bank,row,col; -1 where a command has none). Needs exactly one model and one PIM system." };
        Option<bool> check = new("--check") { Description = "Have every DRAM command checked against the timing rules by a checker that shares no code with the simulator. Slow." };
        Option<bool> exact = new("--no-fast-forward") { Description = "Simulate every command of every channel. Same results, slower." };
        Option<int> threads = new("--threads") { Description = "Points simulated at once; results do not depend on it.", DefaultValueFactory = _ => Environment.ProcessorCount };
        tokens.Validators.Add(RequirePositive);
        threads.Validators.Add(RequirePositive);

        Command command = new("run", "Runs an experiment: every model on every system.") { file, folder, models, systems, tokens, commands, check, exact, threads };
        command.SetAction(parsed => Run(new RunRequest(
            parsed.GetRequiredValue(file).ToString(),
            parsed.GetValue(folder)?.ToString(),
            new ExperimentSelection(parsed.GetValue(models) ?? [], parsed.GetValue(systems) ?? [], parsed.GetValue(tokens)),
            parsed.GetValue(commands)?.ToString(),
            parsed.GetValue(check),
            parsed.GetValue(exact),
            parsed.GetValue(threads))));
        return command;
    }

    public static void RequirePositive(OptionResult result)
    {
        foreach (Token token in result.Tokens)
        {
            if (int.TryParse(token.Value, CultureInfo.InvariantCulture, out int number) && number < 1)
            {
                result.AddError($"{result.Option.Name} needs a number of 1 or more, not {number}");
            }
        }
    }

    private static int Run(RunRequest request)
    {
        ExperimentFile file = ExperimentFile.Open(request.ExperimentFile);
        if (file.IsServing)
        {
            using Interruption interruption = new();
            ServingSession.Run(request, file, interruption.Token);
            return 0;
        }

        if (file.IsIdealised)
        {
            using Interruption interruption = new();
            IdealisedSession.Run(request, file, interruption.Token);
            return 0;
        }

        if (file.IsMatrix)
        {
            using Interruption interruption = new();
            return MatrixSession.Run(request, file, interruption.Token);
        }

        // The host brings Ctrl-C and SIGTERM as one cancellation; nothing is logged.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "pimsim" });
        builder.Services.AddSingleton(request);
        builder.Services.AddSingleton(file);
        builder.Services.AddSingleton<ExperimentSession>();
        using IHost host = builder.Build();
        host.Start();
        CancellationToken stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        ExperimentResult result = host.Services.GetRequiredService<ExperimentSession>().Run(stopping);
        ScreenTables.Print(result);
        return 0;
    }
}
