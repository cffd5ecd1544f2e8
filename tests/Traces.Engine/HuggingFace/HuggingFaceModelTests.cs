using CsCheck;
using PimSim.Traces.Engine.HuggingFace;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Tests.Weights;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

/// <summary>What is loaded is what was written, entry by entry, by index arithmetic on the tensors as the files name them.</summary>
public class HuggingFaceModelTests
{
    private static readonly OperatorRole[] LayerMatrices = [OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown];

    private static readonly Gen<(string ModelType, int Seed, DataType Type, int Shards)> AnyFolder = Gen.Select(
        Gen.Int[0, TinyModelFolder.ModelTypes.Length - 1].Select(index => TinyModelFolder.ModelTypes[index]),
        Gen.Int[0, 1_000_000],
        Gen.Int[0, 2].Select(index => (DataType)index),
        Gen.Int[1, 4]);

    [Fact]
    public void Every_matrix_holds_what_the_file_holds() => Check((model, weights) =>
    {
        Equal(Table(model, TokenTable(model), 0, model.Vocab), weights.TokenEmbedding);
        foreach (OperatorRole role in LayerMatrices)
        {
            for (int layer = 0; layer < model.Layers; layer++)
            {
                WeightMatrix matrix = weights.Shape.Matrix(role);
                float[,] expected = new float[matrix.Outputs, matrix.Inputs];
                for (int output = 0; output < matrix.Outputs; output++)
                {
                    for (int input = 0; input < matrix.Inputs; input++)
                    {
                        expected[output, input] = Entry(model, role, layer, output, input);
                    }
                }

                Equal(expected, weights.Matrix(role, layer));
            }
        }

        string head = weights.Shape.Tied ? TokenTable(model) : Type(model) == "gpt_neox" ? "embed_out.weight" : "lm_head.weight";
        Equal(Table(model, head, 0, model.Vocab), weights.Matrix(OperatorRole.LmHead, 0));
    });

    [Fact]
    public void Position_zero_is_the_first_row_and_with_opt_the_third_of_the_file() => Check((model, weights) =>
    {
        switch (Type(model))
        {
            case "gpt2":
                Equal(Table(model, "transformer.wpe.weight", 0, model.Positions), weights.PositionEmbedding!);
                break;
            case "opt":
                Equal(Table(model, "model.decoder.embed_positions.weight", 2, model.Positions), weights.PositionEmbedding!);
                break;
            default:
                Assert.Null(weights.PositionEmbedding);
                break;
        }
    });

    [Fact]
    public void Every_bias_and_normalisation_holds_what_the_file_holds() => Check((model, weights) =>
    {
        for (int layer = 0; layer < model.Layers; layer++)
        {
            foreach (OperatorRole role in LayerMatrices)
            {
                WeightMatrix matrix = weights.Shape.Matrix(role);
                float[] expected = matrix.Bias ? [.. Enumerable.Range(0, matrix.Outputs).Select(output => Bias(model, role, layer, output))] : [];
                Assert.Equal(expected, weights.Bias(role, layer).ToArray());
            }

            Equal(model, NormStem(model, 0, layer), weights.NormScale(OperatorRole.AttentionNorm, layer), weights.NormShift(OperatorRole.AttentionNorm, layer));
            Equal(model, NormStem(model, 1, layer), weights.NormScale(OperatorRole.FfnNorm, layer), weights.NormShift(OperatorRole.FfnNorm, layer));
        }

        Equal(model, NormStem(model, 2, 0), weights.NormScale(OperatorRole.FinalNorm, 0), weights.NormShift(OperatorRole.FinalNorm, 0));
        Assert.True(weights.Bias(OperatorRole.LmHead, 0).IsEmpty);
    });

    [Fact]
    public void The_shape_is_that_of_the_configuration() => Check((model, weights) =>
    {
        string type = Type(model);
        ModelShape shape = weights.Shape;
        bool layerNorm = type is "gpt2" or "opt" or "gpt_neox";
        Assert.Equal((model.Layers, model.Hidden, model.Heads, model.KvHeads, model.HeadDim, model.Ffn), (shape.Layers, shape.Hidden, shape.Heads, shape.KvHeads, shape.HeadDim, shape.Ffn));
        Assert.Equal(model.Vocab, shape.Vocab);
        Assert.Equal(type == "mistral" ? model.Positions - 9 : model.Positions, shape.MaxPositions);
        Assert.Equal(layerNorm ? NormKind.LayerNorm : NormKind.RmsNorm, shape.Norm);
        Assert.Equal(type is "gpt2" or "opt" ? PositionKind.Learned : PositionKind.Rotary, shape.Position);
        Assert.Equal(type == "opt" ? ActivationKind.Relu : layerNorm ? ActivationKind.Gelu : ActivationKind.SwiGlu, shape.Activation);
        Assert.Equal(model.Tied, shape.Tied);
        Assert.Equal(type == "qwen3", shape.QueryKeyNorm);
        Assert.Equal(type == "qwen2" ? BiasKind.Qkv : layerNorm || (bool?)model.Config["mlp_bias"] == true ? BiasKind.All : BiasKind.None, shape.Biases);
        Assert.Equal(type == "gpt_neox" && (bool)model.Config["use_parallel_residual"]!, shape.ParallelResidual);
        Assert.Equal(type == "gpt_neox" && (double)model.Config["rotary_pct"]! < 1 ? model.HeadDim / 2 : 0, shape.RotaryDim);
        Assert.Equal(type == "gpt2" ? 1e-4 : 1e-5, weights.Numerics.NormEpsilon);
        Assert.Equal(type is "llama" or "mistral" or "qwen2" or "qwen3" ? 5000 : 10_000, weights.Numerics.RopeBase);
        Assert.Equal(RopePairs.Halves, weights.Numerics.RopePairs);
        Assert.Equal(type != "gpt_neox", weights.Numerics.GeluByTanh);
        (int, int) ends = type switch { "gpt2" => (3, 4), "opt" => (2, 2), "gpt_neox" => (0, 0), _ => (1, 2) };
        Assert.Equal(ends, (weights.Numerics.BeginToken, weights.Numerics.EndToken));
    });

    [Fact]
    public void Only_matrices_of_gpt2_are_copied() => Check((model, weights) =>
    {
        bool copied = weights.Matrix(OperatorRole.QkvProjection, 0).Segments[0].Memory is CopiedWeights;
        Assert.Equal(Type(model) == "gpt2", copied);
        int segments = Type(model) switch { "gpt2" => 1, "gpt_neox" => 3 * model.Heads, _ => 3 };
        Assert.Equal(segments, weights.Matrix(OperatorRole.QkvProjection, 0).Segments.Count);
    });

    [Theory]
    [InlineData("gpt2", "transformer.")]
    [InlineData("llama", "model.")]
    [InlineData("gpt_neox", "gpt_neox.")]
    public void Tensors_may_lack_the_prefix_of_the_model(string modelType, string prefix)
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random(modelType, 3);
        foreach (string name in model.Tensors.Keys.ToArray())
        {
            TinyTensor tensor = model.Tensors[name];
            model.Tensors.Remove(name);
            model.Tensors[name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name] = tensor;
        }

        model.Write(folder.Path);
        using IModelWeights weights = HuggingFaceModel.Load(folder.Path);
        Assert.Equal(model.Vocab, weights.TokenEmbedding.Rows);
    }

    [Fact]
    public void Spans_end_with_the_weights()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder.Random("llama", 1).Write(folder.Path, 2);
        IModelWeights weights = HuggingFaceModel.Load(folder.Path);
        WeightSegment segment = weights.TokenEmbedding.Segments[0];
        Assert.Equal(4, segment.Memory.Bytes(segment.Offset, 4).Length);
        weights.Dispose();
        weights.Dispose();
        Assert.Throws<ObjectDisposedException>(() => segment.Memory.Bytes(segment.Offset, 4).Length);
    }

    [Fact]
    public void A_shape_needs_no_weights()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("qwen2", 5);
        model.Write(folder.Path);
        File.Delete(folder.File("model.safetensors"));
        Assert.Equal(model.Hidden, HuggingFaceModel.ReadShape(folder.Path).Hidden);
    }

    private static void Check(Action<TinyModelFolder, IModelWeights> check) => AnyFolder.Sample(
        drawn =>
        {
            using TemporaryFolder folder = new();
            TinyModelFolder model = TinyModelFolder.Random(drawn.ModelType, drawn.Seed, drawn.Type);
            model.Write(folder.Path, drawn.Shards);
            using IModelWeights weights = HuggingFaceModel.Load(folder.Path);
            Assert.Equal(drawn.Type, weights.Shape.WeightType);
            check(model, weights);
        },
        iter: 60);

    private static string Type(TinyModelFolder model) => (string)model.Config["model_type"]!;

    private static string TokenTable(TinyModelFolder model) => Type(model) switch
    {
        "gpt2" => "transformer.wte.weight",
        "opt" => "model.decoder.embed_tokens.weight",
        "gpt_neox" => "gpt_neox.embed_in.weight",
        _ => "model.embed_tokens.weight",
    };

    /// <summary>Tensor and row that output number <paramref name="output"/> of a matrix stands for.</summary>
    private static (string Stem, int Row) Place(TinyModelFolder model, OperatorRole role, int layer, int output)
    {
        int queries = model.Heads * model.HeadDim;
        int keys = model.KvHeads * model.HeadDim;
        switch (Type(model), role)
        {
            case ("gpt2", _):
                string conv = role switch { OperatorRole.QkvProjection => "attn.c_attn", OperatorRole.OutputProjection => "attn.c_proj", OperatorRole.FfnUp => "mlp.c_fc", _ => "mlp.c_proj" };
                return ($"transformer.h.{layer}.{conv}", output);
            case ("gpt_neox", OperatorRole.QkvProjection):
                int head = output % queries / model.HeadDim;
                return ($"gpt_neox.layers.{layer}.attention.query_key_value", (head * 3 * model.HeadDim) + (output / queries * model.HeadDim) + (output % model.HeadDim));
            case ("gpt_neox", _):
                string dense = role switch { OperatorRole.OutputProjection => "attention.dense", OperatorRole.FfnUp => "mlp.dense_h_to_4h", _ => "mlp.dense_4h_to_h" };
                return ($"gpt_neox.layers.{layer}.{dense}", output);
            case (_, OperatorRole.QkvProjection):
                string body = Type(model) == "opt" ? "model.decoder" : "model";
                return output < queries ? ($"{body}.layers.{layer}.self_attn.q_proj", output)
                    : output < queries + keys ? ($"{body}.layers.{layer}.self_attn.k_proj", output - queries)
                    : ($"{body}.layers.{layer}.self_attn.v_proj", output - queries - keys);
            case ("opt", _):
                string part = role switch { OperatorRole.OutputProjection => "self_attn.out_proj", OperatorRole.FfnUp => "fc1", _ => "fc2" };
                return ($"model.decoder.layers.{layer}.{part}", output);
            case (_, OperatorRole.FfnUp):
                return output < model.Ffn ? ($"model.layers.{layer}.mlp.gate_proj", output) : ($"model.layers.{layer}.mlp.up_proj", output - model.Ffn);
            default:
                return ($"model.layers.{layer}.{(role == OperatorRole.OutputProjection ? "self_attn.o_proj" : "mlp.down_proj")}", output);
        }
    }

    private static float Entry(TinyModelFolder model, OperatorRole role, int layer, int output, int input)
    {
        (string stem, int row) = Place(model, role, layer, output);
        TinyTensor tensor = model.Tensors[$"{stem}.weight"];
        return Type(model) == "gpt2" ? tensor[input, row] : tensor[row, input];
    }

    private static float Bias(TinyModelFolder model, OperatorRole role, int layer, int output)
    {
        (string stem, int row) = Place(model, role, layer, output);
        return model.Tensors[$"{stem}.bias"].Values[row];
    }

    private static string NormStem(TinyModelFolder model, int which, int layer) => Type(model) switch
    {
        "gpt2" => which == 2 ? "transformer.ln_f" : $"transformer.h.{layer}.ln_{which + 1}",
        "opt" => which == 2 ? "model.decoder.final_layer_norm" : $"model.decoder.layers.{layer}.{(which == 0 ? "self_attn_layer_norm" : "final_layer_norm")}",
        "gpt_neox" => which == 2 ? "gpt_neox.final_layer_norm" : $"gpt_neox.layers.{layer}.{(which == 0 ? "input_layernorm" : "post_attention_layernorm")}",
        _ => which == 2 ? "model.norm" : $"model.layers.{layer}.{(which == 0 ? "input_layernorm" : "post_attention_layernorm")}",
    };

    private static float[,] Table(TinyModelFolder model, string name, int firstRow, int rows)
    {
        TinyTensor tensor = model.Tensors[name];
        float[,] result = new float[rows, model.Hidden];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < model.Hidden; column++)
            {
                result[row, column] = tensor[firstRow + row, column];
            }
        }

        return result;
    }

    private static void Equal(float[,] expected, WeightTensor actual) => Assert.Equal(expected, StoredMatrix.Read(actual));

    private static void Equal(TinyModelFolder model, string stem, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift)
    {
        Assert.Equal(model.Tensors[$"{stem}.weight"].Values, scale.ToArray());
        Assert.Equal(model.Tensors.TryGetValue($"{stem}.bias", out TinyTensor? bias) ? bias.Values : [], shift.ToArray());
    }
}
