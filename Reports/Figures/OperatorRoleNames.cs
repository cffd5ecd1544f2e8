using System.Text;
using PimSim.Simulator.Replay;

namespace PimSim.Reports.Figures;

/// <summary>Operator roles as people write them, in the order in which a model runs them.</summary>
internal static class OperatorRoleNames
{
    private static readonly string[] Abbreviations = ["Qkv", "Kv", "Ffn", "Lm"];

    /// <summary>'QKV projection' for <c>QkvProjection</c>.</summary>
    public static string Readable(string role)
    {
        StringBuilder text = new();
        int start = 0;
        for (int end = 1; end <= role.Length; end++)
        {
            if (end == role.Length || char.IsUpper(role[end]))
            {
                string word = role[start..end];
                string written = Abbreviations.Contains(word, StringComparer.Ordinal) ? word.ToUpperInvariant() : word.ToLowerInvariant();
                text.Append(start > 0 ? " " : "").Append(written);
                start = end;
            }
        }

        return text.ToString();
    }

    /// <summary>Roles in the order of a ledger; what it doesn't know comes last, by name.</summary>
    public static IReadOnlyList<string> InOrder(IEnumerable<string> roles)
    {
        Dictionary<string, int> order = LedgerRows.Names.Select((name, index) => (name, index)).ToDictionary(row => row.name, row => row.index, StringComparer.Ordinal);
        return [.. roles.Distinct(StringComparer.Ordinal).OrderBy(role => order.GetValueOrDefault(role, int.MaxValue)).ThenBy(role => role, StringComparer.Ordinal)];
    }
}
