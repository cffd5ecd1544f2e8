using PimSim.Traces.Engine.Text;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>The tokenizer of a Hugging Face folder. A model runs without one too, on token numbers.</summary>
public static class HuggingFaceTokenizer
{
    private const string JsonName = "tokenizer.json";
    private const string PiecesName = "tokenizer.model";
    private const string VocabularyName = "vocab.json";
    private const string MergesName = "merges.txt";
    private const string SettingsName = "tokenizer_config.json";
    private const long MaxBytes = 64L << 20;

    private const string Supported =
        $"{JsonName} of a byte-level BPE, {PiecesName} of a SentencePiece BPE, or {VocabularyName} and {MergesName} of GPT-2 and OPT; without a tokenizer the model runs on token numbers";

    // OPT and GPT-2 split words alike; other families need a tokenizer.json, which says how they do.
    private static readonly string[] Gpt2Alikes = ["gpt2", "opt"];

    /// <summary>True if the folder holds files that <see cref="Load"/> tries to read.</summary>
    public static bool Exists(string folder) =>
        File.Exists(Path.Combine(folder, JsonName)) || File.Exists(Path.Combine(folder, PiecesName)) || File.Exists(Path.Combine(folder, VocabularyName));

    /// <summary>
    /// Reads tokenizer.json if it describes byte-level BPE, else tokenizer.model, else vocab.json with merges.txt.
    /// </summary>
    /// <param name="folder">The folder of the model.</param>
    /// <param name="modelVocabulary">Entries of the model's vocabulary; the tokenizer may have fewer, not more.</param>
    /// <exception cref="PimSimUserException">There is no tokenizer, or none that is supported; the message says what is.</exception>
    public static ITokenizer Load(string folder, int modelVocabulary)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ITokenizer tokenizer = Read(folder);
        return tokenizer.VocabularySize <= modelVocabulary
            ? tokenizer
            : throw new PimSimUserException($"{folder}: the tokenizer has tokens up to {tokenizer.VocabularySize - 1}, but the model's vocabulary has {modelVocabulary}; they belong to different models");
    }

    private static ITokenizer Read(string folder)
    {
        string jsonPath = Path.Combine(folder, JsonName);
        string piecesPath = Path.Combine(folder, PiecesName);
        TokenizerJson? json = File.Exists(jsonPath) ? TokenizerJson.Load(jsonPath) : null;
        if (json is { IsByteLevel: true })
        {
            return new ByteLevelTokenizer(json.Read());
        }

        if (File.Exists(piecesPath))
        {
            JsonPlace? settings = Settings(folder);
            bool begin = settings?.Optional("add_bos_token").Flag(true) ?? true;
            bool end = settings?.Optional("add_eos_token").Flag(false) ?? false;
            settings?.Problems.ThrowIfAny();
            return new SentencePieceText(SentencePieceModel.Load(piecesPath), begin, end);
        }

        if (json is not null)
        {
            throw new PimSimUserException($"{jsonPath}: a {json.Kind} is not supported; supported are {Supported}");
        }

        if (File.Exists(Path.Combine(folder, VocabularyName)) && File.Exists(Path.Combine(folder, MergesName)))
        {
            return new ByteLevelTokenizer(ReadGpt2(folder));
        }

        throw new PimSimUserException($"{folder}: no tokenizer; supported are {Supported}");
    }

    private static BpeDefinition ReadGpt2(string folder)
    {
        ProblemList problems = new();
        string configPath = Path.Combine(folder, HuggingFaceModel.ConfigName);
        string family = File.Exists(configPath) ? JsonPlace.Load(configPath, MaxBytes, problems).Optional("model_type").Text("") : "";
        if (!Gpt2Alikes.Contains(family))
        {
            throw new PimSimUserException($"{folder}: {VocabularyName} and {MergesName} do not say how a model of type '{family}' splits words; supported are {Supported}");
        }

        string vocabularyPath = Path.Combine(folder, VocabularyName);
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        foreach ((string token, JsonPlace place) in JsonPlace.Load(vocabularyPath, MaxBytes, problems).Members)
        {
            vocabulary.Add(token, place.Integer(0, int.MaxValue, 0));
        }

        JsonPlace? settings = Settings(folder, problems);
        Dictionary<string, int> added = ReadAdded(folder, vocabulary, settings, problems);
        List<int> before = [];
        if (settings is not null)
        {
            ReadBefore(settings, added, before);
        }

        List<string> merges = ReadMerges(Path.Combine(folder, MergesName), problems);
        problems.ThrowIfAny();
        return new BpeDefinition
        {
            File = vocabularyPath,
            Vocabulary = vocabulary,
            Merges = merges,
            AddedTokens = added,
            Words = BpeDefinition.Pattern(BpeDefinition.Gpt2Words),
            Before = before,
        };
    }

    private static void ReadBefore(JsonPlace settings, Dictionary<string, int> added, List<int> before)
    {
        JsonPlace prefixSpace = settings.Optional("add_prefix_space");
        if (prefixSpace.Flag(false))
        {
            prefixSpace.Report("true is not supported; false would be right");
        }

        JsonPlace begin = settings.Optional("add_bos_token");
        if (begin.Flag(false))
        {
            string name = TokenText(settings.Optional("bos_token")) ?? "";
            if (added.TryGetValue(name, out int token))
            {
                before.Add(token);
            }
            else
            {
                begin.Report($"true, but bos_token is '{name}', which the vocabulary does not have");
            }
        }
    }

    /// <summary>Tokens found in the text before it is split: those of added_tokens.json, and what the settings name as begin, end, padding and unknown.</summary>
    private static Dictionary<string, int> ReadAdded(string folder, Dictionary<string, int> vocabulary, JsonPlace? settings, ProblemList problems)
    {
        Dictionary<string, int> added = new(StringComparer.Ordinal);
        string addedPath = Path.Combine(folder, "added_tokens.json");
        if (File.Exists(addedPath))
        {
            foreach ((string token, JsonPlace place) in JsonPlace.Load(addedPath, MaxBytes, problems).Members)
            {
                added[token] = place.Integer(0, int.MaxValue, 0);
            }
        }

        foreach (string key in (string[])["bos_token", "eos_token", "pad_token", "unk_token"])
        {
            if (settings is not null && TokenText(settings.Optional(key)) is { Length: > 0 } name && vocabulary.TryGetValue(name, out int token))
            {
                added[name] = token;
            }
        }

        return added;
    }

    private static List<string> ReadMerges(string path, ProblemList problems)
    {
        List<string> merges = [];
        int line = 0;
        try
        {
            if (new FileInfo(path).Length > MaxBytes)
            {
                throw new PimSimUserException($"{path}: too long: at most {MaxBytes} bytes are read");
            }

            foreach (string text in File.ReadLines(path))
            {
                line++;
                if (text.Length == 0 || (line == 1 && text.StartsWith("#version", StringComparison.Ordinal)))
                {
                    continue;
                }

                if (text.Split(' ') is not [{ Length: > 0 }, { Length: > 0 }])
                {
                    problems.Add(new Problem(path, line, 1, $"'{text}' is no pair of tokens with a space between"));
                    break;
                }

                merges.Add(text);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }

        return merges;
    }

    private static JsonPlace? Settings(string folder, ProblemList? problems = null)
    {
        string path = Path.Combine(folder, SettingsName);
        return File.Exists(path) ? JsonPlace.Load(path, MaxBytes, problems ?? new ProblemList()) : null;
    }

    /// <summary>A special token is a text, or an object with that text as content.</summary>
    private static string? TokenText(JsonPlace place) => place.IsObject ? place.Optional("content").Text("") : place.Exists ? place.Text("") : null;
}
