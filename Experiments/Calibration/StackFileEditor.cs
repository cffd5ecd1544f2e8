using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Calibration;

/// <summary>
/// Puts fitted constants into the text of a stack file, line by line, so that its comments, notes and order stay. Each constant stands on a line
/// of its own, <c>key: {value: ..., source: ...}</c>, two levels below its section, or one where it belongs to no family.
/// </summary>
public static class StackFileEditor
{
    private const int Digits = 4;

    /// <summary>The text with the values of <paramref name="fits"/> and, in its table of sources, where they come from.</summary>
    /// <param name="file">For messages.</param>
    /// <param name="text">The stack file.</param>
    /// <param name="fits">What was fitted.</param>
    /// <param name="sourceKey">Key of the source.</param>
    /// <param name="source">What was fitted on, by which command.</param>
    /// <exception cref="PimSimUserException">A constant does not stand on a line of its own.</exception>
    public static string Replace(string file, string text, ImmutableArray<FamilyFit> fits, string sourceKey, string source)
    {
        List<string> lines = [.. text.Split('\n')];
        foreach (FamilyFit fit in fits)
        {
            int section = Find(file, lines, 0, "", fit.Family.Section);
            int family = fit.Family.Name.Length == 0 ? section : Find(file, lines, section + 1, "  ", fit.Family.Name);
            string indent = fit.Family.Name.Length == 0 ? "  " : "    ";
            foreach ((KernelConstant constant, double value) in fit.Family.Definitions.Zip(fit.Values))
            {
                int line = Find(file, lines, family + 1, indent, constant.Key);
                lines[line] = $"{indent}{constant.Key}: {{value: {Text(constant, value)}, source: {sourceKey}}}";
            }
        }

        int sources = Find(file, lines, 0, "", "sources");
        string entry = $"  {sourceKey}: \"{source.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        int present = lines.FindIndex(sources + 1, line => line.StartsWith($"  {sourceKey}:", StringComparison.Ordinal));
        if (present < 0)
        {
            lines.Insert(sources + 1, entry);
        }
        else
        {
            lines[present] = entry;
        }

        return string.Join('\n', lines);
    }

    private static int Find(string file, List<string> lines, int from, string indent, string key)
    {
        for (int i = from; i < lines.Count; i++)
        {
            if (lines[i].StartsWith($"{indent}{key}:", StringComparison.Ordinal))
            {
                return i;
            }

            if (i > from && indent.Length > 0 && lines[i].Length > 0 && !lines[i].StartsWith(indent, StringComparison.Ordinal))
            {
                break;
            }
        }

        throw new PimSimUserException($"{file}: no line '{indent}{key}: ...' where calibrate could put its value; write each constant on a line of its own");
    }

    private static string Text(KernelConstant constant, double value)
    {
        // Rounding must not carry a value beyond its bounds.
        double rounded = double.Parse(value.ToString($"G{Digits}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        double held = Math.Clamp(rounded, constant.Minimum, constant.Maximum);
        StringBuilder text = new(((decimal)held).ToString(CultureInfo.InvariantCulture));
        return constant.Unit.Length == 0 ? text.ToString() : text.Append(' ').Append(constant.Unit).ToString();
    }
}
