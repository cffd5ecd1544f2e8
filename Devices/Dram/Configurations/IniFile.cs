using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Configurations;

/// <summary>One value of an .ini file and where it stands.</summary>
internal readonly record struct IniValue(string Section, string Key, string Text, int Line);

/// <summary>
/// A file of <c>[sections]</c> and <c>key = value</c> lines, read strictly: every fault goes to a <see cref="ProblemList"/>
/// with its line and reading goes on. Section and key names are compared without case, as DRAMsim3 does. A comment begins
/// with ; or #, at the start of a line or, for ;, behind a value. A key without a value counts as absent.
/// </summary>
internal sealed class IniFile
{
    private readonly string _file;
    private readonly Dictionary<(string Section, string Key), IniValue> _values = [];

    private IniFile(string file, ProblemList problems)
    {
        _file = file;
        Problems = problems;
    }

    /// <summary>Where faults go.</summary>
    public ProblemList Problems { get; }

    /// <summary>The values in the order of the file.</summary>
    public IEnumerable<IniValue> Values => _values.Values;

    /// <summary>Reads a file whose sections and keys are known.</summary>
    public static IniFile Load(string path, IReadOnlyDictionary<string, IReadOnlyCollection<string>> known, ProblemList problems)
    {
        IniFile file = new(path, problems);
        string section = "";
        int number = 0;
        foreach (string raw in ReadLines(path))
        {
            number++;
            string line = WithoutComment(raw);
            if (line.Length == 0)
            {
                continue;
            }

            if (line[0] == '[')
            {
                section = line.TrimStart('[').TrimEnd(']').Trim();
                if (line[^1] != ']' || !Contains(known.Keys, section))
                {
                    file.Report(number, $"'{line}' is no section; {NearestWord.Suggest(section, [.. known.Keys])}");
                    section = "";
                }

                continue;
            }

            file.Add(line, section, number, known);
        }

        return file;
    }

    /// <summary>The text of a key, null if it is absent.</summary>
    public IniValue? Find(string section, string key) => _values.TryGetValue((Lower(section), Lower(key)), out IniValue value) ? value : null;

    /// <summary>A whole number; null if it is absent or wrong.</summary>
    public int? Integer(string section, string key, int minimum, int maximum = int.MaxValue)
    {
        if (Find(section, key) is not IniValue value)
        {
            return null;
        }

        if (int.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= minimum && number <= maximum)
        {
            return number;
        }

        string range = maximum == int.MaxValue ? $"of {minimum} or more" : $"from {minimum} to {maximum}";
        Report(value.Line, $"{value.Key} '{value.Text}' is no whole number {range}");
        return null;
    }

    /// <summary>A decimal number above or at a bound; null if it is absent or wrong.</summary>
    public decimal? Number(string section, string key, bool allowZero)
    {
        if (Find(section, key) is not IniValue value)
        {
            return null;
        }

        if (decimal.TryParse(value.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) && (number > 0 || allowZero))
        {
            return number;
        }

        Report(value.Line, $"{value.Key} '{value.Text}' is no number{(allowZero ? "" : " above 0")}");
        return null;
    }

    /// <summary>True or false.</summary>
    public bool Flag(string section, string key, bool absent)
    {
        string? word = Word(section, key, ["true", "false", "yes", "no", "on", "off", "1", "0"], absent ? "true" : "false");
        return word is "true" or "yes" or "on" or "1";
    }

    /// <summary>One of some words.</summary>
    public string Word(string section, string key, IReadOnlyCollection<string> allowed, string absent)
    {
        if (Find(section, key) is not IniValue value)
        {
            return absent;
        }

        string? found = allowed.FirstOrDefault(word => word.Equals(value.Text, StringComparison.OrdinalIgnoreCase));
        if (found is null)
        {
            Report(value.Line, $"{value.Key} '{value.Text}' is not known; {NearestWord.Suggest(value.Text, allowed)}");
        }

        return found ?? absent;
    }

    /// <summary>Adds a fault at a line, or of the whole file at line 0.</summary>
    public void Report(int line, string message) => Problems.Add(new Problem(_file, line, 1, message));

    /// <summary>Adds a fault at a key, or of the whole file where the key is absent.</summary>
    public void ReportAt(string section, string key, string message) => Report(Find(section, key)?.Line ?? 0, message);

    /// <summary>Adds a fault if a key is absent, unless the two that may stand for it are there.</summary>
    public void Require(string section, string key, string? first = null, string? second = null)
    {
        bool pair = first is not null && second is not null && Find(section, first) is not null && Find(section, second) is not null;
        if (Find(section, key) is null && !pair)
        {
            Report(0, $"'{key}' is missing in [{section}]{(first is null ? "" : $", or '{first}' and '{second}'")}");
        }
    }

    private static bool Contains(IEnumerable<string> words, string word) => words.Contains(word, StringComparer.OrdinalIgnoreCase);

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    private static string WithoutComment(string line)
    {
        int comment = line.IndexOf(';', StringComparison.Ordinal);
        line = (comment < 0 ? line : line[..comment]).Trim();
        return line.StartsWith('#') ? "" : line;
    }

    private void Add(string line, string section, int number, IReadOnlyDictionary<string, IReadOnlyCollection<string>> known)
    {
        int equals = line.IndexOfAny(['=', ':']);
        string key = equals < 0 ? line : line[..equals].Trim();
        if (equals < 0)
        {
            Report(number, $"'{line}' has no '='; 'key = value' would be right");
            return;
        }

        if (section.Length == 0)
        {
            Report(number, $"'{key}' stands in no section; it belongs into one of {string.Join(", ", known.Keys.Select(name => $"[{name}]"))}");
            return;
        }

        IReadOnlyCollection<string> keys = known.First(pair => pair.Key.Equals(section, StringComparison.OrdinalIgnoreCase)).Value;
        if (!Contains(keys, key))
        {
            string? home = known.FirstOrDefault(pair => Contains(pair.Value, key)).Key;
            Report(number, home is not null ? $"'{key}' belongs into [{home}]" : $"'{key}' is not known in [{section}]; {NearestWord.Suggest(key, keys)}");
            return;
        }

        string text = line[(equals + 1)..].Trim();
        if (text.Length > 0 && !_values.TryAdd((Lower(section), Lower(key)), new IniValue(section, key, text, number)))
        {
            Report(number, $"'{key}' is given again; it stands in line {_values[(Lower(section), Lower(key))].Line} already");
        }
    }

    private static string Lower(string text) => text.ToLowerInvariant();
}
