using PimSim.Traces.Engine.Weights;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>What a config.json says about rotary embeddings, in the spelling of old and of new files.</summary>
/// <param name="Base">Base of the frequencies.</param>
/// <param name="Fraction">Share of each head that is rotated.</param>
/// <param name="Scaling">How the frequencies are changed; null for not at all.</param>
/// <param name="Positions">Tokens up to which the embedding is meant to be used.</param>
internal readonly record struct RotarySettings(double Base, double Fraction, RopeScaling? Scaling, int Positions)
{
    /// <summary>Reads the settings, and max_position_embeddings with them.</summary>
    /// <param name="config">The file.</param>
    /// <param name="baseKey">The base in old files.</param>
    /// <param name="fractionKey">The share in old files.</param>
    /// <param name="fallbackFraction">The share where the file names none.</param>
    public static RotarySettings Read(ConfigFile config, string baseKey, string fractionKey, double fallbackFraction)
    {
        double frequencyBase = config.Optional(baseKey).Positive(10_000);
        double fraction = config.Optional(fractionKey).Positive(fallbackFraction);
        int positions = config.Size("max_position_embeddings");
        RopeScaling? scaling = null;
        JsonPlace old = config.Optional("rope_scaling");
        JsonPlace place = config.Optional("rope_parameters");
        if (old.Exists && place.Exists)
        {
            old.Report("stands beside rope_parameters, the newer spelling; one of the two would be right");
        }

        place = place.Exists ? place : old;
        if (place.Exists && !place.IsObject)
        {
            place.Report($"{place.Shown} is not supported; null or an object with a rope_type would be right");
        }
        else if (place.Exists)
        {
            frequencyBase = place.Optional("rope_theta").Positive(frequencyBase);
            fraction = place.Optional("partial_rotary_factor").Positive(fraction);
            (scaling, positions) = new RopeScalingReader(place, frequencyBase, positions).Read();
        }

        return new RotarySettings(frequencyBase, fraction, scaling, positions);
    }
}
