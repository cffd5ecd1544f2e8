using System.Collections.Immutable;

namespace PimSim.Traces.Format.Measurements;

/// <summary>Names of models in paths of published measurements.</summary>
internal static class ModelNames
{
    // Folders that are named for the run, not for the model that their README names.
    private static readonly ImmutableDictionary<string, string> Renamed = ImmutableDictionary.CreateRange(StringComparer.Ordinal, new KeyValuePair<string, string>[]
    {
        // Frontier, h800: README of its profiles.
        new("llama2_7b_dense_example", "meta-llama/Llama-2-7b-hf"),
    });

    // Organisations that publish models: a folder below one of these is a model of it.
    private static readonly ImmutableHashSet<string> Publishers = ImmutableHashSet.Create(
        StringComparer.Ordinal, "meta-llama", "Qwen", "codellama", "internlm", "microsoft", "mistralai");

    /// <summary>The model that a folder is named for, perhaps above folders of precision (bf16) and parallelism (tp2).</summary>
    public static string OfFolder(string? folder)
    {
        string name = "";
        for (string? at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            string last = Path.GetFileName(at);
            if (name.Length > 0 && Publishers.Contains(last))
            {
                return $"{last}/{name}";
            }

            if (Renamed.TryGetValue(last, out string? known))
            {
                return known;
            }

            name = last;
        }

        return Path.GetFileName(folder) ?? "";
    }
}
