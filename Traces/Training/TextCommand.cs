using System.CommandLine;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Training.Numerics;
using PimSim.Traces.Training.Text;

namespace PimSim.Traces.Training;

/// <summary>The command <c>text</c>.</summary>
internal static class TextCommand
{
    /// <summary>The command and its options.</summary>
    public static Command Create()
    {
        Option<ulong> seed = new("--seed") { Description = "the same seed gives the same documents", DefaultValueFactory = _ => 1 };
        Option<int> count = new("--count") { Description = "documents of each kind", DefaultValueFactory = _ => 3 };
        Command command = new("text", "Prints documents of the generated text.") { seed, count };
        command.SetAction(parsed =>
        {
            int documents = parsed.GetValue(count);
            if (documents is < 1 or > 1_000_000)
            {
                throw new PimSimUserException($"--count {documents}: must be between 1 and 1000000");
            }

            SeededRandom random = new(parsed.GetValue(seed));
            foreach (TextKind kind in Enum.GetValues<TextKind>())
            {
                for (int i = 0; i < documents; i++)
                {
                    Console.WriteLine($"=== {kind}");
                    Console.WriteLine(GeneratedCorpus.Document(kind, random).TrimEnd('\n'));
                }
            }
        });
        return command;
    }
}
