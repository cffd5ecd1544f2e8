using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CsCheck;
using PimSim.Traces.Engine.HuggingFace;
using PimSim.Traces.Engine.Text;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

public class HuggingFaceTokenizerTests
{
    private const string Gpt2Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Qwen2Words = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [Fact]
    public void Vocabulary_and_merges_give_the_tokens_of_the_definition() => Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 30]).Sample(
        (seed, length) =>
        {
            using TemporaryFolder folder = new();
            NaiveBpe naive = new(seed);
            WriteGpt2(folder, naive);
            string text = naive.RandomText(length);
            ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1000);
            Assert.Equal(naive.Encode(text, Pattern(Gpt2Words)), tokenizer.Encode(text));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
            Assert.Equal(naive.Vocabulary.Count, tokenizer.VocabularySize);
        },
        iter: 100);

    [Fact]
    public void A_tokenizer_json_gives_the_tokens_of_the_definition() => Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 30], Gen.Int[0, 2], Gen.Bool).Sample(
        (seed, length, kind, pairs) =>
        {
            using TemporaryFolder folder = new();
            NaiveBpe naive = new(seed);
            string words = kind switch { 0 => Gpt2Words, 1 => Qwen2Words, _ => "b+" };
            WriteJson(folder, naive, pairs, kind == 0 ? null : words);
            string text = naive.RandomText(length);
            ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1000);
            Assert.Equal(naive.Encode(text, Pattern(words)), tokenizer.Encode(text));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        },
        iter: 100);

    [Fact]
    public void Added_tokens_are_found_first_and_the_longest_of_them()
    {
        using TemporaryFolder folder = new();
        NaiveBpe naive = new(3);
        int count = naive.Vocabulary.Count;
        WriteJson(folder, naive, false, null, root => root["added_tokens"] = new JsonArray(Added(count, "<|a|>"), Added(count + 1, "<|a|><|a|>"), Added(count + 2, "b b")));
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1000);
        List<int> Naive(string text) => naive.Encode(text, Pattern(Gpt2Words));
        Assert.Equal([.. Naive("ab "), count + 1, count, .. Naive("cab"), count + 2], tokenizer.Encode("ab <|a|><|a|><|a|>cabb b"));
        Assert.Equal("ab <|a|><|a|><|a|>cabb b", tokenizer.Decode(tokenizer.Encode("ab <|a|><|a|><|a|>cabb b")));
        Assert.Equal(count + 3, tokenizer.VocabularySize);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_template_puts_its_tokens_around_every_text(bool nested)
    {
        using TemporaryFolder folder = new();
        NaiveBpe naive = new(4);
        JsonObject template = new()
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Special("<s>"), new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } }, Special("</s>")),
            ["pair"] = new JsonArray(),
            ["special_tokens"] = new JsonObject { ["<s>"] = Ids("<s>", 7), ["</s>"] = Ids("</s>", 9) },
        };
        JsonObject processor = nested ? new JsonObject { ["type"] = "Sequence", ["processors"] = new JsonArray(new JsonObject { ["type"] = "ByteLevel" }, template) } : template;
        WriteJson(folder, naive, false, null, root => root["post_processor"] = processor);
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1000);
        Assert.Equal([7, .. naive.Encode("ab", Pattern(Gpt2Words)), 9], tokenizer.Encode("ab"));
        Assert.Equal([7, 9], tokenizer.Encode(""));
    }

    [Fact]
    public void Opt_puts_its_begin_token_before_every_text()
    {
        using TemporaryFolder folder = new();
        NaiveBpe naive = new(5);
        naive.Vocabulary["</s>"] = naive.Vocabulary.Count;
        WriteGpt2(folder, naive, "opt");
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"add_bos_token": true, "add_prefix_space": false, "bos_token": {"content": "</s>"}, "eos_token": "</s>"}""");
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1000);
        Assert.Equal([naive.Vocabulary["</s>"], .. naive.Encode("a b", Pattern(Gpt2Words)), naive.Vocabulary["</s>"]], tokenizer.Encode("a b</s>"));
    }

    [Fact]
    public void A_character_spread_over_tokens_is_read_as_one_and_half_of_one_is_replaced()
    {
        using TemporaryFolder folder = new();
        NaiveBpe naive = new(6);
        WriteGpt2(folder, naive);
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1000);
        int[] bytes = [.. "ü"u8.ToArray().Select(value => naive.Vocabulary[NaiveBpe.Letter(value)])];
        Assert.Equal("ü", tokenizer.Decode(bytes));
        Assert.Equal("\uFFFDa\uFFFD\uFFFD", tokenizer.Decode([bytes[0], naive.Vocabulary["a"], 999, -1]));
        Assert.Equal("x\uFFFDy", tokenizer.Decode(tokenizer.Encode("x\uD83Dy")));
    }

    [Fact]
    public void A_text_that_may_need_composing_is_refused_where_the_tokenizer_composes()
    {
        using TemporaryFolder folder = new();
        NaiveBpe naive = new(7);
        WriteJson(folder, naive, false, null, root => root["normalizer"] = new JsonObject { ["type"] = "NFC" });
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1000);
        Assert.Equal(naive.Encode("é日", Pattern(Gpt2Words)), tokenizer.Encode("é日"));
        Assert.Contains("the text holds U+0301; compose the text first", Assert.Throws<PimSimUserException>(() => tokenizer.Encode("e\u0301")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("normalizer", "{\"type\":\"Lowercase\"}", "the normaliser Lowercase is not supported; null and NFC are")]
    [InlineData("pre_tokenizer", "{\"type\":\"Whitespace\"}", "pre_tokenizer: not supported; ByteLevel without add_prefix_space is")]
    [InlineData("pre_tokenizer", "{\"type\":\"ByteLevel\",\"add_prefix_space\":true}", "pre_tokenizer: not supported")]
    [InlineData("pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}]}", "not a regular expression")]
    [InlineData("post_processor", "{\"type\":\"BertProcessing\"}", "the post-processor BertProcessing is not supported")]
    [InlineData("added_tokens", "[{\"id\":1}]", "every item needs a text as content")]
    [InlineData("added_tokens", "[{\"id\":400,\"content\":\"<m>\",\"lstrip\":true}]", "lstrip of '<m>' is true, which is not supported; false would be right")]
    [InlineData("added_tokens", "[{\"id\":2000000000,\"content\":\"<m>\"}]", "token 2000000000 ('<m>') is out of range")]
    [InlineData("added_tokens", "[{\"id\":3,\"content\":\"<m>\"}]", "token 3 stands for both")]
    [InlineData("decoder", "{\"type\":\"WordPiece\"}", "a \"BPE\" model with WordPiece decoder is not supported; supported are tokenizer.json of a byte-level BPE, tokenizer.model")]
    public void What_a_tokenizer_json_asks_for_and_is_not_supported_is_refused(string key, string value, string message)
    {
        using TemporaryFolder folder = new();
        WriteJson(folder, new NaiveBpe(8), false, null, root => root[key] = JsonNode.Parse(value));
        Refused(folder, message);
    }

    [Theory]
    [InlineData("ignore_merges", "true", "model.ignore_merges: true is not supported; false would be right")]
    [InlineData("byte_fallback", "true", "model.byte_fallback: true is not supported")]
    [InlineData("end_of_word_suffix", "\"</w>\"", "\"</w>\" is not supported; \"\" would be right")]
    [InlineData("dropout", "0.1", "tokens would be random; null would be right")]
    [InlineData("merges", "[\"a\"]", "item 0 is \"a\"; two tokens with a space between are needed")]
    [InlineData("merges", "[\"q zz\"]", "vocabulary and merges do not fit together")]
    [InlineData("vocab", "{\"a\":0}", "no byte-level vocabulary: it has no token for byte 0")]
    public void What_its_model_asks_for_and_is_not_supported_is_refused(string key, string value, string message)
    {
        using TemporaryFolder folder = new();
        WriteJson(folder, new NaiveBpe(9), false, null, root => root["model"]![key] = JsonNode.Parse(value));
        Refused(folder, message);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_says_what_is_supported()
    {
        using TemporaryFolder folder = new();
        Assert.False(HuggingFaceTokenizer.Exists(folder.Path));
        Refused(folder, "no tokenizer; supported are tokenizer.json of a byte-level BPE, tokenizer.model of a SentencePiece BPE, or vocab.json and merges.txt of GPT-2 and OPT; without a tokenizer the model runs on token numbers");
    }

    [Fact]
    public void Vocabulary_and_merges_of_another_family_are_refused()
    {
        using TemporaryFolder folder = new();
        WriteGpt2(folder, new NaiveBpe(1), "qwen2");
        Assert.True(HuggingFaceTokenizer.Exists(folder.Path));
        Refused(folder, "do not say how a model of type 'qwen2' splits words");
    }

    [Fact]
    public void A_broken_merge_is_refused_at_its_line()
    {
        using TemporaryFolder folder = new();
        WriteGpt2(folder, new NaiveBpe(1));
        File.WriteAllText(folder.File("merges.txt"), "#version: 0.2\na b\nc\n");
        Refused(folder, "merges.txt:3:1: 'c' is no pair of tokens with a space between");
    }

    [Fact]
    public void A_tokenizer_with_more_tokens_than_the_model_is_refused()
    {
        using TemporaryFolder folder = new();
        NaiveBpe naive = new(1);
        WriteGpt2(folder, naive);
        int size = naive.Vocabulary.Count;
        Assert.Equal(size, HuggingFaceTokenizer.Load(folder.Path, size).VocabularySize);
        Assert.Contains("they belong to different models", Assert.Throws<PimSimUserException>(() => HuggingFaceTokenizer.Load(folder.Path, size - 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_gives_a_tokenizer_or_an_error_that_names_the_folder() => Gen.Select(Gen.Int[0, 1_000_000], Gen.Bool).Sample(
        (seed, json) =>
        {
            using TemporaryFolder folder = new();
            NaiveBpe naive = new(seed % 5);
            if (json)
            {
                WriteJson(folder, naive, seed % 2 == 0, seed % 3 == 0 ? Qwen2Words : null, root => root["added_tokens"] = new JsonArray(Added(400, "<|a|>")));
            }
            else
            {
                WriteGpt2(folder, naive);
                File.WriteAllText(folder.File("tokenizer_config.json"), """{"add_bos_token": true, "bos_token": {"content": "a"}, "eos_token": "b"}""");
            }

            Random random = new(seed);
            string[] files = Directory.GetFiles(folder.Path);
            string file = files[random.Next(files.Length)];
            byte[] bytes = File.ReadAllBytes(file);
            for (int damage = random.Next(1, 4); damage > 0; damage--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"0123456789{}[],:\"\\-e"[random.Next(20)];
            }

            File.WriteAllBytes(file, bytes);
            try
            {
                ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1 << 25);
                tokenizer.Decode(tokenizer.Encode(naive.RandomText(10)));
            }
            catch (PimSimUserException fault)
            {
                Assert.StartsWith(folder.Path, fault.Message, StringComparison.Ordinal);
            }
        },
        iter: 600);

    private static void Refused(TemporaryFolder folder, string message)
    {
        string told = Assert.Throws<PimSimUserException>(() => HuggingFaceTokenizer.Load(folder.Path, 1 << 25)).Message;
        Assert.Contains(message, told, StringComparison.Ordinal);
        Assert.StartsWith(folder.Path, told, StringComparison.Ordinal);
    }

    private static Regex Pattern(string words) => new(words, RegexOptions.None, TimeSpan.FromMinutes(1));

    private static JsonObject Added(int id, string content) => new() { ["id"] = id, ["content"] = content, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["special"] = true };

    private static JsonObject Special(string name) => new() { ["SpecialToken"] = new JsonObject { ["id"] = name, ["type_id"] = 0 } };

    private static JsonObject Ids(string name, int id) => new() { ["id"] = name, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(name) };

    private static JsonObject Vocabulary(NaiveBpe naive) => new(naive.Vocabulary.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));

    private static void WriteGpt2(TemporaryFolder folder, NaiveBpe naive, string modelType = "gpt2")
    {
        File.WriteAllText(folder.File("config.json"), $$"""{"model_type": "{{modelType}}"}""");
        File.WriteAllText(folder.File("vocab.json"), Vocabulary(naive).ToJsonString());
        File.WriteAllText(folder.File("merges.txt"), "#version: 0.2\n" + string.Concat(naive.Merges.Select(merge => $"{merge.Left} {merge.Right}\n")));
    }

    private static void WriteJson(TemporaryFolder folder, NaiveBpe naive, bool pairs, string? words, Action<JsonObject>? change = null)
    {
        JsonObject byteLevel = new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = words is null };
        JsonNode preTokenizer = words is null ? byteLevel : new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = words }, ["behavior"] = "Isolated", ["invert"] = false },
                byteLevel),
        };
        JsonArray merges = [.. naive.Merges.Select(merge => pairs ? new JsonArray(merge.Left, merge.Right) : (JsonNode)$"{merge.Left} {merge.Right}")];
        JsonObject root = new()
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = preTokenizer,
            ["post_processor"] = new JsonObject { ["type"] = "ByteLevel" },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["dropout"] = null, ["ignore_merges"] = false, ["vocab"] = Vocabulary(naive), ["merges"] = merges },
        };
        change?.Invoke(root);
        File.WriteAllText(folder.File("tokenizer.json"), root.ToJsonString());
    }
}
