using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram;

/// <summary>
/// The latency of a timing rule as the standard writes it: sums and differences of parameters and whole numbers, and
/// <c>max(a, b)</c>; for example <c>nCL + nBL + 2 - nCWL</c>.
/// </summary>
public static class LatencyExpression
{
    /// <summary>Evaluates an expression to cycles. A name that <paramref name="parameters"/> lacks, or broken syntax, is
    /// reported at <paramref name="node"/>, and the result is 0.</summary>
    public static long Evaluate(DataNode node, IReadOnlyDictionary<string, long> parameters)
    {
        string text = node.Text("0");
        int position = 0;
        try
        {
            long value = Sum(text, ref position, parameters);
            SkipBlanks(text, ref position);
            if (position < text.Length)
            {
                throw new FormatException($"'{text[position]}' is unexpected");
            }

            return Math.Abs(value) <= int.MaxValue ? value : throw new FormatException($"{value} cycles are too many");
        }
        catch (FormatException fault)
        {
            node.Report($"'{text}' is not a latency: {fault.Message}");
            return 0;
        }
    }

    /// <summary>The parameters that an expression names.</summary>
    public static IEnumerable<string> Names(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split([' ', '+', '-', '(', ')', ','], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word != "max" && !char.IsAsciiDigit(word[0]));
    }

    private static long Sum(string text, ref int position, IReadOnlyDictionary<string, long> parameters)
    {
        long value = Term(text, ref position, parameters);
        while (true)
        {
            SkipBlanks(text, ref position);
            char sign = position < text.Length ? text[position] : '\0';
            if (sign is not ('+' or '-'))
            {
                return value;
            }

            position++;
            long term = Term(text, ref position, parameters);
            value += sign == '+' ? term : -term;
        }
    }

    private static long Term(string text, ref int position, IReadOnlyDictionary<string, long> parameters)
    {
        SkipBlanks(text, ref position);
        int start = position;
        while (position < text.Length && char.IsAsciiLetterOrDigit(text[position]))
        {
            position++;
        }

        string word = text[start..position];
        if (word.Length == 0)
        {
            throw new FormatException("a parameter or a number is missing");
        }

        if (word == "max")
        {
            Expect(text, ref position, '(');
            long first = Sum(text, ref position, parameters);
            Expect(text, ref position, ',');
            long second = Sum(text, ref position, parameters);
            Expect(text, ref position, ')');
            return Math.Max(first, second);
        }

        if (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            return number;
        }

        return parameters.TryGetValue(word, out long value)
            ? value
            : throw new FormatException($"the device has no timing '{word}'; {NearestWord.Suggest(word, [.. parameters.Keys])}");
    }

    private static void Expect(string text, ref int position, char wanted)
    {
        SkipBlanks(text, ref position);
        if (position >= text.Length || text[position] != wanted)
        {
            throw new FormatException($"'{wanted}' is missing");
        }

        position++;
    }

    private static void SkipBlanks(string text, ref int position)
    {
        while (position < text.Length && text[position] == ' ')
        {
            position++;
        }
    }
}
