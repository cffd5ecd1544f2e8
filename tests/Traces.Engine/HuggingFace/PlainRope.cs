using System.Text.Json.Nodes;
using PimSim.Traces.Engine.Tests.Reference;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

/// <summary>The rotary embedding that a config.json asks for, by its keys.</summary>
internal static class PlainRope
{
    /// <summary>Random settings of a kind, as a file would have them; sizes are those of the tiny models.</summary>
    public static JsonObject Random(string kind, Random random)
    {
        JsonObject scaling = new() { [random.Next(2) == 0 ? "rope_type" : "type"] = kind, ["factor"] = 1.5 + random.Next(8) };
        switch (kind)
        {
            case "llama3":
                scaling["low_freq_factor"] = 1 + random.NextDouble();
                scaling["high_freq_factor"] = 2.5 + (3 * random.NextDouble());
                scaling["original_max_position_embeddings"] = 10 + random.Next(40);
                break;
            case "yarn":
                Optional("original_max_position_embeddings", 20 + random.Next(40));
                Optional("beta_fast", 5 + random.Next(30));
                Optional("beta_slow", 0.5 + random.NextDouble());
                Optional("truncate", random.Next(2) == 0);
                Optional("attention_factor", 0.5 + random.NextDouble());
                if (scaling["attention_factor"] is null && random.Next(2) == 0)
                {
                    (scaling["mscale"], scaling["mscale_all_dim"]) = (0.5 + random.NextDouble(), 0.5 + random.NextDouble());
                }

                break;
            default:
                break;
        }

        return scaling;

        void Optional(string key, JsonNode value)
        {
            if (random.Next(2) == 0)
            {
                scaling[key] = value;
            }
        }
    }

    public static ReferenceRope Of(JsonObject config, double frequencyBase, int width)
    {
        if ((config["rope_parameters"] ?? config["rope_scaling"]) is not JsonObject scaling)
        {
            return ReferenceRope.Plain(frequencyBase, width);
        }

        double Number(string key, double fallback = double.NaN) => scaling[key] is JsonNode value ? Convert.ToDouble(value.ToString(), System.Globalization.CultureInfo.InvariantCulture) : fallback;
        double factor = Number("factor");
        double window = (int)config["max_position_embeddings"]!;
        double Attention(double share) => 1 + (share * Math.Log(factor) / 10);
        return (string)(scaling["rope_type"] ?? scaling["type"])! switch
        {
            "linear" => ReferenceRope.Linear(frequencyBase, width, factor),
            "llama3" => ReferenceRope.Llama3(frequencyBase, width, factor, Number("low_freq_factor"), Number("high_freq_factor"), Number("original_max_position_embeddings")),
            "yarn" => ReferenceRope.Yarn(
                frequencyBase,
                width,
                factor,
                Number("beta_fast", 32),
                Number("beta_slow", 1),
                Number("original_max_position_embeddings", window),
                scaling["truncate"] is null || (bool)scaling["truncate"]!,
                Number("attention_factor", Attention(Number("mscale", 1)) / (scaling["mscale"] is null ? 1 : Attention(Number("mscale_all_dim"))))),

            // "dynamic" within the window, with the base of the library's formula.
            _ => ReferenceRope.Plain(frequencyBase * Math.Pow((factor * window / window) - (factor - 1), width / (width - 2.0)), width),
        };
    }
}
