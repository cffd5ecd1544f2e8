using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>What a config.json says about rotary embeddings, in the spelling of old and of new files.</summary>
/// <param name="Base">Base of the frequencies.</param>
/// <param name="Fraction">Share of each head that is rotated.</param>
internal readonly record struct RotarySettings(double Base, double Fraction)
{
    /// <summary>Reads the settings; any stretching of positions is reported.</summary>
    /// <param name="config">The file.</param>
    /// <param name="baseKey">The base in old files.</param>
    /// <param name="fractionKey">The share in old files.</param>
    /// <param name="fallbackFraction">The share where the file names none.</param>
    public static RotarySettings Read(ConfigFile config, string baseKey, string fractionKey, double fallbackFraction)
    {
        double frequencyBase = config.Optional(baseKey).Positive(10_000);
        double fraction = config.Optional(fractionKey).Positive(fallbackFraction);
        foreach (string key in (string[])["rope_scaling", "rope_parameters"])
        {
            JsonPlace place = config.Optional(key);
            if (!place.Exists)
            {
                continue;
            }

            if (!place.IsObject)
            {
                place.Report($"{place.Shown} is not supported; null would be right");
                continue;
            }

            JsonPlace kind = place.Optional("rope_type");
            kind = kind.Exists ? kind : place.Optional("type");
            if (kind.Text("default") != "default")
            {
                kind.Report($"positions are not stretched by PimSim, and {kind.Shown} would; null or \"default\" would be right");
            }

            frequencyBase = place.Optional("rope_theta").Positive(frequencyBase);
            fraction = place.Optional("partial_rotary_factor").Positive(fraction);
            foreach ((string other, JsonPlace value) in place.Unasked())
            {
                // A stretching that is refused above needs no second complaint about its numbers.
                if (kind.Text("default") == "default" && value.Exists)
                {
                    value.Report($"unknown beside a rotary embedding of the default kind; {NearestWord.Suggest(other, ["rope_type", "rope_theta", "partial_rotary_factor"])}");
                }
            }
        }

        return new RotarySettings(frequencyBase, fraction);
    }
}
