using System.Text;

namespace PimSim.Reports.Tests.Tables;

/// <summary>Reads comma-separated values as RFC 4180 defines them, letter by letter.</summary>
internal static class CsvText
{
    public static List<List<string>> Parse(string csv)
    {
        List<List<string>> lines = [];
        List<string> line = [];
        StringBuilder field = new();
        bool quoted = false;
        for (int index = 0; index < csv.Length; index++)
        {
            char letter = csv[index];
            if (quoted && letter == '"' && index + 1 < csv.Length && csv[index + 1] == '"')
            {
                field.Append('"');
                index++;
            }
            else if (letter == '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && (letter is ',' or '\n'))
            {
                line.Add(field.ToString());
                field.Clear();
                if (letter == '\n')
                {
                    lines.Add(line);
                    line = [];
                }
            }
            else
            {
                field.Append(letter);
            }
        }

        return lines;
    }
}
