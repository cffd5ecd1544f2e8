using System.Text.Json;
using System.Text.RegularExpressions;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>Reads a tokenizer.json that describes byte-level BPE; anything else in it is reported.</summary>
internal sealed class TokenizerJson
{
    private const long MaxBytes = 256L << 20;

    private readonly JsonPlace _root;
    private readonly JsonPlace _model;

    private TokenizerJson(JsonPlace root) => (_root, _model) = (root, root.Optional("model"));

    /// <summary>Opens a file.</summary>
    /// <exception cref="PimSimUserException">Not a JSON object.</exception>
    public static TokenizerJson Load(string path) => new(JsonPlace.Load(path, MaxBytes, new ProblemList()));

    /// <summary>BPE over bytes, by its decoder; else the file describes another kind of tokenizer.</summary>
    public bool IsByteLevel => KindOf(_root.Optional("decoder")) == "ByteLevel" && _model.Optional("merges").IsList;

    /// <summary>What kind it is, for messages.</summary>
    public string Kind => $"{(_model.Optional("type").Exists ? _model.Optional("type").Shown : "unnamed")} model with {(_root.Optional("decoder").Exists ? KindOf(_root.Optional("decoder")) : "no")} decoder";

    /// <summary>The tokenizer.</summary>
    /// <exception cref="PimSimUserException">Something is wrong or not supported; the message lists all of it.</exception>
    public BpeDefinition Read()
    {
        RefuseVariants();
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        foreach ((string token, JsonPlace place) in _model.Required("vocab").Members)
        {
            vocabulary.Add(token, place.Integer(0, int.MaxValue, 0));
        }

        Dictionary<string, int> added = ReadAdded();
        (List<int> before, List<int> after) = ReadTemplate(_root.Optional("post_processor"));
        Regex words = ReadWords();
        List<string> merges = ReadMerges();
        bool composed = ReadComposed();
        _root.Problems.ThrowIfAny();
        return new BpeDefinition
        {
            File = _root.File,
            Vocabulary = vocabulary,
            Merges = merges,
            AddedTokens = added,
            Words = words,
            Composed = composed,
            Before = before,
            After = after,
        };
    }

    private void RefuseVariants()
    {
        foreach (string key in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            JsonPlace place = _model.Optional(key);
            if (place.Text("").Length > 0)
            {
                place.Report($"{place.Shown} is not supported; \"\" would be right");
            }
        }

        foreach (string key in (string[])["byte_fallback", "ignore_merges"])
        {
            JsonPlace place = _model.Optional(key);
            if (place.Flag(false))
            {
                place.Report("true is not supported; false would be right");
            }
        }

        JsonPlace dropout = _model.Optional("dropout");
        if (dropout.Exists)
        {
            dropout.Report($"{dropout.Shown} is not supported: tokens would be random; null would be right");
        }
    }

    private List<string> ReadMerges()
    {
        JsonPlace place = _model.Optional("merges");
        List<string> merges = [];
        foreach (JsonElement item in place.Items)
        {
            string? merge = item.ValueKind switch
            {
                JsonValueKind.String => item.GetString(),
                JsonValueKind.Array when item.GetArrayLength() == 2 => $"{item[0]} {item[1]}",
                _ => null,
            };
            if (merge is null || merge.Count(character => character == ' ') != 1)
            {
                place.Report($"item {merges.Count} is {item.GetRawText()}; two tokens with a space between are needed");
                break;
            }

            merges.Add(merge);
        }

        return merges;
    }

    private Dictionary<string, int> ReadAdded()
    {
        JsonPlace place = _root.Optional("added_tokens");
        Dictionary<string, int> added = new(StringComparer.Ordinal);
        foreach (JsonElement item in place.Items)
        {
            if (item.ValueKind != JsonValueKind.Object
                || !item.TryGetProperty("content", out JsonElement content) || content.ValueKind != JsonValueKind.String || content.GetString()!.Length == 0
                || !item.TryGetProperty("id", out JsonElement id) || id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out int token))
            {
                place.Report("every item needs a text as content and a number as id");
                break;
            }

            string? variant = Array.Find((string[])["single_word", "lstrip", "rstrip"], key => item.TryGetProperty(key, out JsonElement flag) && flag.ValueKind == JsonValueKind.True);
            if (variant is not null)
            {
                place.Report($"{variant} of '{content.GetString()}' is true, which is not supported; false would be right");
            }

            if (!added.TryAdd(content.GetString()!, token))
            {
                place.Report($"'{content.GetString()}' stands twice");
            }
        }

        return added;
    }

    private Regex ReadWords()
    {
        JsonPlace place = _root.Optional("pre_tokenizer");
        string? pattern = KindOf(place) switch
        {
            "ByteLevel" when IsOn(place, "use_regex", true) => BpeDefinition.Gpt2Words,
            "Sequence" => SplitPattern(place.Optional("pretokenizers")),
            _ => null,
        };
        if (pattern is null || (KindOf(place) == "ByteLevel" && IsOn(place, "add_prefix_space", true)))
        {
            place.Report("not supported; ByteLevel without add_prefix_space is, and a Sequence of one isolating Split and ByteLevel without use_regex and add_prefix_space");
            pattern = BpeDefinition.Gpt2Words;
        }

        try
        {
            return BpeDefinition.Pattern(pattern);
        }
        catch (ArgumentException fault)
        {
            place.Report($"not a regular expression: {fault.Message}");
            return BpeDefinition.Pattern(BpeDefinition.Gpt2Words);
        }
    }

    private static string? SplitPattern(JsonPlace steps)
    {
        JsonElement[] items = [.. steps.Items];
        if (items.Length != 2
            || Text(items[0], "type") != "Split" || Text(items[0], "behavior") != "Isolated" || IsOn(items[0], "invert", false)
            || Text(items[1], "type") != "ByteLevel" || IsOn(items[1], "use_regex", true) || IsOn(items[1], "add_prefix_space", true)
            || !items[0].TryGetProperty("pattern", out JsonElement pattern) || pattern.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        return Text(pattern, "Regex") is string regex ? regex : Text(pattern, "String") is string literal ? Regex.Escape(literal) : null;
    }

    private bool ReadComposed()
    {
        JsonPlace place = _root.Optional("normalizer");
        if (place.Exists && KindOf(place) != "NFC")
        {
            place.Report($"the normaliser {KindOf(place)} is not supported; null and NFC are");
        }

        return place.Exists;
    }

    /// <summary>What is put before and after a text: the tokens around sequence A of a template.</summary>
    private static (List<int> Before, List<int> After) ReadTemplate(JsonPlace place)
    {
        (List<int> before, List<int> after) = ([], []);
        switch (KindOf(place))
        {
            case "none" or "ByteLevel":
                break;
            case "TemplateProcessing":
                bool seen = false;
                foreach (JsonElement item in place.Optional("single").Items)
                {
                    if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty("SpecialToken", out JsonElement special) && Text(special, "id") is string name)
                    {
                        JsonPlace ids = place.Optional("special_tokens").Optional(name).Optional("ids");
                        (seen ? after : before).AddRange(ids.Items.Where(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out _)).Select(id => id.GetInt32()));
                        if (!ids.Items.Any())
                        {
                            place.Report($"'{name}' stands in the template, but not among special_tokens");
                        }
                    }
                    else
                    {
                        seen = true;
                    }
                }

                break;
            case "Sequence":
                // Its parts are objects in a list, which have no places of their own.
                return ReadTemplateOf(place);
            default:
                place.Report($"the post-processor {KindOf(place)} is not supported; ByteLevel and TemplateProcessing are");
                break;
        }

        return (before, after);
    }

    private static (List<int> Before, List<int> After) ReadTemplateOf(JsonPlace sequence)
    {
        foreach (JsonElement item in sequence.Optional("processors").Items)
        {
            switch (item.ValueKind == JsonValueKind.Object ? Text(item, "type") : null)
            {
                case "ByteLevel":
                    break;
                case "TemplateProcessing":
                    JsonPlace part = JsonPlace.Parse(sequence.File, System.Text.Encoding.UTF8.GetBytes(item.GetRawText()), sequence.Problems);
                    return ReadTemplate(part);
                default:
                    sequence.Report("ByteLevel and TemplateProcessing are supported in it");
                    break;
            }
        }

        return ([], []);
    }

    private static string KindOf(JsonPlace place) => place.Exists ? place.Optional("type").Text("unnamed") : "none";

    private static bool IsOn(JsonPlace place, string key, bool fallback) => place.Optional(key).Flag(fallback);

    private static bool IsOn(JsonElement item, string key, bool fallback) =>
        item.TryGetProperty(key, out JsonElement flag) ? flag.ValueKind == JsonValueKind.True : fallback;

    private static string? Text(JsonElement item, string key) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(key, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
