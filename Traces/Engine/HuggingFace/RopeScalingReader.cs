using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>Reads how a config.json stretches rotary positions: <c>rope_scaling</c>, or <c>rope_parameters</c> in newer files.</summary>
/// <param name="place">The object.</param>
/// <param name="ropeBase">Base of the frequencies.</param>
/// <param name="positions">max_position_embeddings.</param>
internal sealed class RopeScalingReader(JsonPlace place, double ropeBase, int positions)
{
    private const int MostPositions = 1 << 30;

    private static readonly string[] Shared = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];

    private readonly List<string> _known = [.. Shared];

    /// <summary>The scaling, null for none, and the tokens up to which the model is meant to be used.</summary>
    public (RopeScaling? Scaling, int Positions) Read()
    {
        JsonPlace kind = place.Optional("rope_type");
        JsonPlace older = place.Optional("type");
        if (kind.Exists && older.Exists && kind.Text("") != older.Text(""))
        {
            older.Report($"{older.Shown} is the older spelling of rope_type, which is {kind.Shown}; both must say the same");
        }

        kind = kind.Exists ? kind : older;
        (RopeScaling?, int) result = (null, positions);
        switch (kind.Text("default"))
        {
            case "default":
                break;
            case "linear":
                result = (new LinearRopeScaling(Factor()), positions);
                break;
            case "dynamic":
                result = (null, ReadDynamic());
                break;
            case "llama3":
                result = (ReadLlama3(), positions);
                break;
            case "yarn":
                result = ReadYarn();
                break;
            default:
                kind.Report($"rotary positions of the kind {kind.Shown} are not supported; default, linear, dynamic, llama3 and yarn are");

                // What is refused needs no second complaint about its numbers.
                return result;
        }

        foreach ((string other, JsonPlace value) in place.Unasked())
        {
            if (value.Exists)
            {
                value.Report($"unknown beside a rotary embedding of the kind {kind.Text("default")}; {NearestWord.Suggest(other, _known)}");
            }
        }

        return result;
    }

    private JsonPlace Key(string key)
    {
        _known.Add(key);
        return place.Optional(key);
    }

    private double Needed(string key)
    {
        _known.Add(key);
        return place.Required(key).Positive(1);
    }

    private double Factor() => AtLeastOne(Needed("factor"));

    private double AtLeastOne(double factor)
    {
        if (factor < 1)
        {
            place.Optional("factor").Report($"{place.Optional("factor").Shown} would shorten the context; a number from 1 on is needed");
        }

        return factor;
    }

    /// <summary>
    /// The base grows with the text once that is longer than the trained window, and is the plain one up to there: in transformers
    /// base x (factor x tokens / window - factor + 1)^(width / (width - 2)), which is the base at tokens = window. Keys in a cache would have to be
    /// rotated anew for each further token, so the context ends with the window.
    /// </summary>
    private int ReadDynamic()
    {
        Factor();
        return Math.Min(positions, Key("original_max_position_embeddings").Integer(1, MostPositions, positions));
    }

    private Llama3RopeScaling ReadLlama3()
    {
        double factor = Factor();
        double low = Needed("low_freq_factor");
        double high = Needed("high_freq_factor");
        _known.Add("original_max_position_embeddings");
        int original = place.Required("original_max_position_embeddings").Integer(1, MostPositions, 1);
        if (high <= low && place.Optional("high_freq_factor").Exists && place.Optional("low_freq_factor").Exists)
        {
            place.Optional("high_freq_factor").Report($"{place.Optional("high_freq_factor").Shown} must be larger than low_freq_factor, {place.Optional("low_freq_factor").Shown}");
        }

        return new Llama3RopeScaling(factor, low, high, original);
    }

    private (YarnRopeScaling Scaling, int Positions) ReadYarn()
    {
        JsonPlace window = Key("original_max_position_embeddings");
        int original = window.Integer(1, MostPositions, positions);
        JsonPlace stretch = window.Exists ? Key("factor") : place.Required("factor");
        double factor = AtLeastOne(stretch.Positive(Math.Max(1, (double)positions / original)));
        JsonPlace fast = Key("beta_fast");
        JsonPlace slow = Key("beta_slow");
        (double fastTurns, double slowTurns) = (fast.Positive(32), slow.Positive(1));
        if (fastTurns <= slowTurns)
        {
            (fast.Exists ? fast : slow).Report($"beta_fast ({fastTurns:R}) must be larger than beta_slow ({slowTurns:R})");
        }

        // Else all pairs lie on one side of the ramp, where transformers' arithmetic turns the ramp around.
        double radians = original / (2 * Math.PI);
        if (ropeBase <= 1 || radians <= slowTurns || radians / fastTurns >= ropeBase)
        {
            place.Report($"no ramp between beta_fast and beta_slow lies within a window of {original} tokens with a base of {ropeBase:R}: the window must be longer than 2 pi x beta_slow, and shorter than 2 pi x beta_fast x base");
        }

        YarnRopeScaling scaling = new(factor, fastTurns, slowTurns, original, Key("truncate").Flag(true), ReadAttention(factor));
        return (scaling, (int)Math.Clamp(original * factor, positions, MostPositions));
    }

    private double ReadAttention(double factor)
    {
        JsonPlace given = Key("attention_factor");
        JsonPlace upper = Key("mscale");
        JsonPlace lower = Key("mscale_all_dim");
        if (upper.Exists != lower.Exists)
        {
            (upper.Exists ? upper : lower).Report("mscale and mscale_all_dim work together only: both or neither would be right");
        }
        else if (upper.Exists && given.Exists)
        {
            given.Report("attention_factor replaces mscale and mscale_all_dim; one or the other would be right");
        }

        double attention = upper.Exists && lower.Exists
            ? YarnRopeScaling.RecommendedAttention(factor, upper.Positive(1)) / YarnRopeScaling.RecommendedAttention(factor, lower.Positive(1))
            : YarnRopeScaling.RecommendedAttention(factor);
        return given.Positive(attention);
    }
}
