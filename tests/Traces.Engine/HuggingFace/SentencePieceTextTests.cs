using CsCheck;
using PimSim.Traces.Engine.HuggingFace;
using PimSim.Traces.Engine.Tests.Weights;
using PimSim.Traces.Engine.Text;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

public class SentencePieceTextTests
{
    [Fact]
    public void A_model_file_gives_the_tokens_of_the_method() => Gen.Select(Gen.Int[0, 100_000], Gen.Int[1, 20]).Sample(
        (seed, length) =>
        {
            using TemporaryFolder folder = new();
            NaiveSentencePiece naive = NaiveSentencePiece.Random(seed);
            naive.Write(folder.File("tokenizer.model"));
            string[] pieces = ["a", "b", "c", " ", "  ", "é", "日本", "\n", "x", "😀"];
            Random random = new(seed);
            string text = string.Concat(Enumerable.Range(0, length).Select(_ => pieces[random.Next(pieces.Length)]));
            ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1000);
            Assert.Equal(naive.Encode(text), tokenizer.Encode(text));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
            Assert.Equal(NaiveSentencePiece.FirstPiece + 47, tokenizer.VocabularySize);
        },
        iter: 200);

    [Fact]
    public void The_vocabulary_of_stories260K_gives_the_tokens_of_the_method()
    {
        using TemporaryFolder folder = new();
        NaiveSentencePiece naive = new(Stories260K.ReadPieces());
        naive.Write(folder.File("tokenizer.model"));
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 512);
        string story = File.ReadAllText(SharedData.Require("data/stories260K/greedy-256.txt"));
        Assert.Equal(naive.Encode(story), tokenizer.Encode(story));
        Assert.Equal(story, tokenizer.Decode(tokenizer.Encode(story)));
        Assert.Equal(512, tokenizer.VocabularySize);

        using FileStream stream = File.OpenRead(folder.File("tokenizer.model"));
        Assert.Equal(Microsoft.ML.Tokenizers.LlamaTokenizer.Create(stream).EncodeToIds(story), tokenizer.Encode(story));
    }

    [Fact]
    public void Of_equal_neighbours_the_leftmost_are_joined()
    {
        using TemporaryFolder folder = new();
        List<(string, float)> pieces = [("<unk>", 0), ("<s>", 0), ("</s>", 0), .. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f)), ("aa", -1), ("a", -2), (" ", -3)];
        new NaiveSentencePiece(pieces).Write(folder.File("tokenizer.model"));
        Assert.Equal([1, 261, 259, 260], HuggingFaceTokenizer.Load(folder.Path, 1000).Encode("aaa"));
    }

    [Fact]
    public void The_settings_decide_which_tokens_surround_a_text()
    {
        using TemporaryFolder folder = new();
        NaiveSentencePiece naive = NaiveSentencePiece.Random(1);
        naive.Write(folder.File("tokenizer.model"));
        Assert.Equal([1], HuggingFaceTokenizer.Load(folder.Path, 1000).Encode(""));
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"add_bos_token": false, "add_eos_token": true}""");
        ITokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path, 1000);
        Assert.Equal([.. naive.Encode("ab").Skip(1), 2], tokenizer.Encode("ab"));
        Assert.Equal([2], tokenizer.Encode(""));
    }

    [Fact]
    public void Numbers_that_are_no_tokens_become_the_replacement_character()
    {
        using TemporaryFolder folder = new();
        NaiveSentencePiece.Random(1).Write(folder.File("tokenizer.model"));
        Assert.Equal("\uFFFD\uFFFD", HuggingFaceTokenizer.Load(folder.Path, 1000).Decode([-1, 9999]));
    }

    [Fact]
    public void Another_kind_of_model_and_broken_files_are_refused()
    {
        using TemporaryFolder folder = new();
        NaiveSentencePiece.Random(1).Write(folder.File("tokenizer.model"), modelType: 1);
        Assert.Contains("its model type is 1; 2 (BPE) would be right", Refused(folder), StringComparison.Ordinal);
        NaiveSentencePiece.Random(1).Write(folder.File("tokenizer.model"), normaliser: "nmt_nfkc");
        Assert.Contains("it has rules of normalisation", Refused(folder), StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("tokenizer.model"), []);
        Assert.Contains("it has no pieces", Refused(folder), StringComparison.Ordinal);

        NaiveSentencePiece.Random(1).Write(folder.File("tokenizer.model"));
        byte[] whole = File.ReadAllBytes(folder.File("tokenizer.model"));
        Random random = new(1);
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = round % 2 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int damage = 0; damage < 3 && bytes.Length > 0; damage++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(folder.File("tokenizer.model"), bytes);
            try
            {
                HuggingFaceTokenizer.Load(folder.Path, 1 << 25);
            }
            catch (PimSimUserException fault)
            {
                Assert.StartsWith(folder.Path, fault.Message, StringComparison.Ordinal);
            }
        }
    }

    private static string Refused(TemporaryFolder folder)
    {
        string message = Assert.Throws<PimSimUserException>(() => HuggingFaceTokenizer.Load(folder.Path, 1000)).Message;
        Assert.StartsWith(folder.File("tokenizer.model"), message, StringComparison.Ordinal);
        return message;
    }
}
