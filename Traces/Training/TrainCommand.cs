using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Training;

/// <summary>The command <c>train</c>.</summary>
internal static class TrainCommand
{
    /// <summary>The command and its options.</summary>
    public static Command Create()
    {
        Option<string> output = new("--out") { Description = "folder for the models, created if needed", HelpName = "DIR", Required = true };
        Option<ulong> seed = new("--seed") { Description = "the same seed gives the same bytes", DefaultValueFactory = _ => 1 };
        Option<int> threads = new("--threads") { Description = "threads; the result does not depend on it", DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<int?> steps = new("--steps") { Description = "steps of main and draft model in place of their own number" };
        Command command = new("train", "Trains the built-in model, its draft heads and its draft model on generated text.") { output, seed, threads, steps };
        command.SetAction(parsed =>
        {
            int count = parsed.GetValue(threads);
            if (count is < 1 or > 1024)
            {
                throw new PimSimUserException($"--threads {count}: must be between 1 and 1024");
            }

            TrainingSettings settings = new() { Seed = parsed.GetValue(seed) };
            if (parsed.GetValue(steps) is { } chosen)
            {
                if (chosen is < 1 or > 100_000)
                {
                    throw new PimSimUserException($"--steps {chosen}: must be between 1 and 100000");
                }

                settings = settings with { MainPlan = settings.MainPlan with { Steps = chosen }, DraftPlan = settings.DraftPlan with { Steps = chosen } };
            }

            Stopwatch clock = Stopwatch.StartNew();
            new TrainingRun(settings, parsed.GetRequiredValue(output), count, Log).Execute();
            Log("done");

            void Log(string line) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds,7:F1} s  {line}"));
        });
        return command;
    }
}
