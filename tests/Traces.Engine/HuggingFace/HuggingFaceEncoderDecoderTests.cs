using System.Text.Json.Nodes;
using CsCheck;
using PimSim.Traces.Engine.HuggingFace;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Tests.Weights;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

public class HuggingFaceEncoderDecoderTests
{
    private static readonly Gen<(int Seed, DataType Type)> AnyFolder = Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 2].Select(index => (DataType)index));

    [Fact]
    public void What_is_loaded_is_what_was_written() => Check((model, weights) =>
    {
        Equal(model, weights.TokenEmbedding, "shared");
        Equal(model, weights.Matrix(ModelStack.Decoder, OperatorRole.LmHead, 0), model.Tied ? "shared" : "lm_head");
        foreach ((ModelStack stack, string word, int layers) in new[] { (ModelStack.Encoder, "encoder", model.EncoderLayers), (ModelStack.Decoder, "decoder", model.DecoderLayers) })
        {
            Equal(model, weights.Positions(stack), $"{word}.block.0.layer.0.SelfAttention.relative_attention_bias");
            Assert.Equal(model.Tensors[$"{word}.final_layer_norm.weight"].Values, weights.NormScale(stack, OperatorRole.FinalNorm, 0).ToArray());
            for (int layer = 0; layer < layers; layer++)
            {
                string at = $"{word}.block.{layer}.layer.";
                Equal(model, weights.Matrix(stack, OperatorRole.QkvProjection, layer), $"{at}0.SelfAttention.q", $"{at}0.SelfAttention.k", $"{at}0.SelfAttention.v");
                Equal(model, weights.Matrix(stack, OperatorRole.OutputProjection, layer), $"{at}0.SelfAttention.o");
                Assert.Equal(model.Tensors[$"{at}0.layer_norm.weight"].Values, weights.NormScale(stack, OperatorRole.AttentionNorm, layer).ToArray());
                string last = $"{at}1";
                if (stack == ModelStack.Decoder)
                {
                    Equal(model, weights.Matrix(stack, OperatorRole.CrossQueryProjection, layer), $"{at}1.EncDecAttention.q");
                    Equal(model, weights.Matrix(stack, OperatorRole.CrossKvProjection, layer), $"{at}1.EncDecAttention.k", $"{at}1.EncDecAttention.v");
                    Equal(model, weights.Matrix(stack, OperatorRole.CrossOutputProjection, layer), $"{at}1.EncDecAttention.o");
                    Assert.Equal(model.Tensors[$"{at}1.layer_norm.weight"].Values, weights.NormScale(stack, OperatorRole.CrossAttentionNorm, layer).ToArray());
                    last = $"{at}2";
                }

                Equal(model, weights.Matrix(stack, OperatorRole.FfnUp, layer), model.Gated ? [$"{last}.DenseReluDense.wi_0", $"{last}.DenseReluDense.wi_1"] : [$"{last}.DenseReluDense.wi"]);
                Equal(model, weights.Matrix(stack, OperatorRole.FfnDown, layer), $"{last}.DenseReluDense.wo");
                Assert.Equal(model.Tensors[$"{last}.layer_norm.weight"].Values, weights.NormScale(stack, OperatorRole.FfnNorm, layer).ToArray());
                Assert.True(weights.NormShift(stack, OperatorRole.FfnNorm, layer).IsEmpty);
                Assert.True(weights.Bias(stack, OperatorRole.FfnUp, layer).IsEmpty);
            }
        }
    });

    [Fact]
    public void The_shape_is_that_of_the_configuration() => Check((model, weights) =>
    {
        EncoderDecoderShape shape = weights.Shape;
        Assert.Equal((model.EncoderLayers, model.DecoderLayers, model.Hidden, model.Heads, model.HeadDim, model.Ffn), (shape.EncoderLayers, shape.DecoderLayers, shape.Hidden, shape.Heads, shape.HeadDim, shape.Ffn));
        Assert.Equal((model.Vocab, model.Tied, new RelativeBuckets(12, 30)), (shape.Vocab, shape.Tied, shape.Buckets));
        Assert.Equal((model.Gated ? ActivationKind.GeGlu : ActivationKind.Relu, NormKind.RmsNorm, EncoderDecoderPosition.RelativeBuckets), (shape.Activation, shape.Norm, shape.Position));
        Assert.Equal(
            new EncoderDecoderNumerics { NormEpsilon = 1e-5, GeluByTanh = true, ScaledScores = false, ScaledHead = model.Tied, StartToken = 2, EndToken = 1 },
            weights.Numerics);
    });

    [Fact]
    public void A_loaded_model_generates_as_double_precision_does() => Check((model, weights) =>
    {
        int[] input = [.. Enumerable.Range(3, 12)];
        using EncoderDecoderRun run = new(weights);
        Assert.Equal(new ReferenceEncoderDecoder(weights).Generate(input, [2], 8), run.Generate([input], 2, 8)[0]);
    });

    [Fact]
    public void What_a_configuration_leaves_out_is_as_the_library_has_it()
    {
        using TemporaryFolder folder = new();
        TinyT5Folder model = new(3);
        foreach (string key in (string[])["num_decoder_layers", "relative_attention_num_buckets", "relative_attention_max_distance", "feed_forward_proj", "tie_word_embeddings", "layer_norm_epsilon", "is_encoder_decoder", "decoder_start_token_id", "eos_token_id"])
        {
            model.Config.Remove(key);
        }

        model.Write(folder.Path);
        EncoderDecoderShape shape = HuggingFaceEncoderDecoder.ReadShape(folder.Path);
        Assert.Equal((model.EncoderLayers, new RelativeBuckets(32, 128), ActivationKind.Relu, true), (shape.DecoderLayers, shape.Buckets, shape.Activation, shape.Tied));
    }

    [Theory]
    [InlineData("model_type", "\"t6\"", "\"t6\" is not a family that PimSim reads: t5")]
    [InlineData("feed_forward_proj", "\"gated-relu\"", "the feed-forward network \"gated-relu\" is not supported; relu, gelu, gelu_new, gated-gelu and gated-silu are")]
    [InlineData("dense_act_fn", "\"selu\"", "\"selu\" does not go with the feed_forward_proj")]
    [InlineData("is_gated_act", "\"no\"", "\"no\" is neither true nor false")]
    [InlineData("is_encoder_decoder", "false", "of type t5 whole encoder-decoders are read; true would be right")]
    [InlineData("relative_attention_num_buckets", "3", "3 buckets are too few or too many; 4 to 256 are possible")]
    [InlineData("relative_attention_max_distance", "6", "a largest distance of 6 lies within the 6 buckets of single distances")]
    [InlineData("num_heads", "0", "0 is out of range: 1 to")]
    [InlineData("d_kv", "16000000", "channels are too wide")]
    [InlineData("layer_norm_epsilon", "0", "0 is not a number above 0")]
    [InlineData("decoder_start_token_id", "-1", "-1 is out of range")]
    [InlineData("scalable_attention", "true", "unknown for a model of type t5, and it may change what the model computes")]
    [InlineData("quantization_config", "{\"bits\":4}", "weights that are stored quantised are not read")]
    public void A_configuration_that_would_be_computed_wrongly_is_refused_at_its_line(string key, string value, string message)
    {
        using TemporaryFolder folder = new();
        TinyT5Folder model = new(11);
        model.Config[key] = JsonNode.Parse(value);
        model.Write(folder.Path);
        int line = Array.FindIndex(File.ReadAllLines(folder.File("config.json")), text => text.Contains($"\"{key}\"", StringComparison.Ordinal)) + 1;
        string told = Refused(folder).Split(Environment.NewLine).Single(text => text.Contains(message, StringComparison.Ordinal));
        Assert.StartsWith($"{folder.File("config.json")}:{line}:", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_do_not_fit_are_refused()
    {
        const string Query = "decoder.block.0.layer.1.EncDecAttention.q.weight";
        Assert.Contains($"tensor '{Query}' [", Refused(model => model.Tensors.Remove(Query)), StringComparison.Ordinal);
        Assert.Contains("is needed, as config.json describes the model", Refused(model => model.Tensors[Query] = model.Tensors["shared.weight"]), StringComparison.Ordinal);
        Assert.Contains("does not belong to this model", Refused(model => model.Tensors["encoder.block.0.layer.0.SelfAttention.q.bias"] = model.Tensors["encoder.final_layer_norm.weight"]), StringComparison.Ordinal);
        Assert.Contains("although both stacks of T5 share one table", Refused(model => model.Tensors["encoder.embed_tokens.weight"] = model.Tensors["shared.weight"] with { Values = [.. model.Tensors["shared.weight"].Values.Reverse()] }), StringComparison.Ordinal);

        static string Refused(Action<TinyT5Folder> change)
        {
            using TemporaryFolder folder = new();
            TinyT5Folder model = new(5);
            change(model);
            model.Write(folder.Path);
            return HuggingFaceEncoderDecoderTests.Refused(folder);
        }
    }

    [Fact]
    public void A_table_may_go_by_the_name_of_a_stack()
    {
        using TemporaryFolder folder = new();
        TinyT5Folder model = new(7);
        model.Tensors["decoder.embed_tokens.weight"] = model.Tensors["shared.weight"];
        model.Tensors.Remove("shared.weight");
        model.Tensors.Remove("encoder.embed_tokens.weight");
        model.Write(folder.Path);
        using IEncoderDecoderWeights weights = HuggingFaceEncoderDecoder.Load(folder.Path);
        Equal(model, weights.TokenEmbedding, "decoder.embed_tokens");
    }

    [Fact]
    public void Folders_of_both_kinds_are_told_apart()
    {
        using TemporaryFolder t5 = new();
        using TemporaryFolder gpt2 = new();
        new TinyT5Folder(1).Write(t5.Path);
        TinyModelFolder.Random("gpt2", 1).Write(gpt2.Path);
        Assert.True(HuggingFaceEncoderDecoder.Matches(t5.Path));
        Assert.False(HuggingFaceEncoderDecoder.Matches(gpt2.Path));
        Assert.Contains("no config.json in it", Assert.Throws<PimSimUserException>(() => HuggingFaceEncoderDecoder.Matches(Directory.CreateDirectory(t5.File("empty")).FullName)).Message, StringComparison.Ordinal);
    }

    private static void Check(Action<TinyT5Folder, IEncoderDecoderWeights> check) => AnyFolder.Sample(
        drawn =>
        {
            using TemporaryFolder folder = new();
            TinyT5Folder model = new(drawn.Seed, drawn.Type);
            model.Write(folder.Path);
            using IEncoderDecoderWeights weights = HuggingFaceEncoderDecoder.Load(folder.Path);
            Assert.Equal(drawn.Type, weights.Shape.WeightType);
            check(model, weights);
        },
        iter: 40);

    private static string Refused(TemporaryFolder folder) => Assert.Throws<PimSimUserException>(() => HuggingFaceEncoderDecoder.Load(folder.Path)).Message;

    /// <summary>A matrix is these tensors, one below the other.</summary>
    private static void Equal(TinyT5Folder model, WeightTensor actual, params string[] stems)
    {
        float[,] stored = StoredMatrix.Read(actual);
        float[] expected = [.. stems.SelectMany(stem => model.Tensors[$"{stem}.weight"].Values)];
        Assert.Equal(expected, stored.Cast<float>());
        Assert.Equal(model.Tensors[$"{stems[0]}.weight"].Dimensions[1], stored.GetLength(1));
    }
}
