using System.Collections.Immutable;
using System.Text;

namespace PimSim.Experiments.Validation;

/// <summary>Tells from a path which device was measured, as published measurements are stored by device.</summary>
/// <param name="devices">Names of the catalogue.</param>
public sealed class DeviceNames(IEnumerable<string> devices)
{
    // What tells cards of one name apart.
    private static readonly string[] Variants = ["-16", "-32", "-40", "-80", "-pcie", "-sxm"];

    private readonly ImmutableArray<string> _families = [.. devices.Select(Family).Distinct(StringComparer.Ordinal)];

    /// <summary>Another device than <paramref name="device"/> that a path names; null if it names none, or this one. The innermost folder that names one counts.</summary>
    public string? OtherIn(string path, string device)
    {
        ArgumentNullException.ThrowIfNull(path);
        string own = Family(device);
        foreach (string part in path.Split('/', '\\').Reverse())
        {
            ImmutableArray<string> named = [.. _families.Where(family => Names(part, family))];
            if (named.Contains(own))
            {
                return null;
            }

            if (!named.IsEmpty)
            {
                return named[0];
            }
        }

        return null;
    }

    private static string Family(string device)
    {
        string name = device.ToLowerInvariant();
        return Array.Find(Variants, variant => name.EndsWith(variant, StringComparison.Ordinal)) is { } variant ? name[..^variant.Length] : name;
    }

    /// <summary>A whole word of the part, with or without its hyphens: 'a100' is not in 'a1000'.</summary>
    private static bool Names(string part, string family)
    {
        string text = Plain(part);
        string wanted = Plain(family);
        string joined = wanted.Replace(" ", "", StringComparison.Ordinal);
        return text.Contains(wanted, StringComparison.Ordinal) || text.Contains($" {joined} ", StringComparison.Ordinal);
    }

    private static string Plain(string text)
    {
        StringBuilder plain = new(" ");
        foreach (char letter in text)
        {
            plain.Append(char.IsAsciiLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : ' ');
        }

        return plain.Append(' ').ToString();
    }
}
