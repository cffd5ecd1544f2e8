using System.Globalization;
using Spectre.Console;

namespace PimSim.Cli;

/// <summary>Progress and messages on standard error, so that standard output holds results alone.</summary>
internal static class ScreenProgress
{
    private static readonly IAnsiConsole Errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Writes one line.</summary>
    public static void Say(FormattableString line) => Errors.MarkupLineInterpolated(CultureInfo.InvariantCulture, line);

    /// <summary>Shows a bar while <paramref name="work"/> runs, which calls what it is given, from any thread, with the steps done since the last call.</summary>
    public static T Watch<T>(string title, long steps, Func<Action<int>, T> work) => Errors.Progress()
        .AutoClear(true)
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .Start(context =>
        {
            ProgressTask task = context.AddTask(Markup.Escape(title), maxValue: steps);
            long done = 0;
            return work(more => task.Value = Interlocked.Add(ref done, more));
        });
}
