using System.Globalization;
using System.Text;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Text;

/// <summary>Sums, differences, small products and short word problems, all with the right result.</summary>
internal static class ArithmeticText
{
    /// <summary>Writes one page of exercises.</summary>
    public static string Write(SeededRandom random)
    {
        StringBuilder text = new();
        int lines = random.Next(6, 18);
        int kind = random.Next(5);
        for (int i = 0; i < lines; i++)
        {
            text.Append(Line(random, kind == 4 ? random.Next(4) : kind)).Append('\n');
        }

        return text.ToString();
    }

    private static string Line(SeededRandom random, int kind)
    {
        switch (kind)
        {
            case 0:
                int range = random.Chance(70) ? 99 : 999;
                int a = random.Next(0, range);
                int b = random.Next(0, range);
                return string.Create(CultureInfo.InvariantCulture, $"{a} + {b} = {a + b}");
            case 1:
                int large = random.Next(0, 99);
                int small = random.Next(0, large);
                return string.Create(CultureInfo.InvariantCulture, $"{large} - {small} = {large - small}");
            case 2:
                int left = random.Next(1, 12);
                int right = random.Next(1, 12);
                return string.Create(CultureInfo.InvariantCulture, $"{left} * {right} = {left * right}");
            default:
                return Problem(random);
        }
    }

    private static string Problem(SeededRandom random)
    {
        (string name, bool she) = random.Pick(StoryWords.People);
        string pronoun = she ? "she" : "he";
        string noun = random.Pick(StoryWords.Things);
        string things = noun switch
        {
            "box" => "boxes",
            "compass" => "compasses",
            "knife" => "knives",
            _ => noun + "s",
        };
        int has = random.Next(10, 40);
        int change = random.Next(2, 9);
        return random.Chance(50)
            ? string.Create(CultureInfo.InvariantCulture, $"{name} has {has} {things} and gets {change} more. Now {pronoun} has {has + change} {things}.")
            : string.Create(CultureInfo.InvariantCulture, $"{name} has {has} {things} and gives {change} away. Now {pronoun} has {has - change} {things}.");
    }
}
