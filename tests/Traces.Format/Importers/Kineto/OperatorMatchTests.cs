using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Kineto;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers.Kineto;

public sealed class OperatorMatchTests : IDisposable
{
    private const string Half = "c10::Half";

    private readonly TemporaryFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Products_take_rows_from_all_leading_sizes()
    {
        Operator op = Match("aten::linear", "[[2,5,64],[128,64],[128]]", [Half, Half, Half])!.Value;
        Assert.Equal((OperatorKind.Gemm, 10, 64, 128, true, DataType.Fp16, DataType.Fp16), (op.Kind, op.Rows, op.Inputs, op.Outputs, op.Bias, op.WeightType, op.ActivationType));
        Assert.Equal((7, 64, 128, true), Gemm(Match("aten::addmm", "[[128],[7,64],[64,128],[],[]]", ["float", "float", "float", "Scalar", "Scalar"])));
        Assert.Equal((7, 64, 128, false), Gemm(Match("aten::mm", "[[7,64],[64,128]]", ["c10::BFloat16", "c10::BFloat16"])));
        Assert.Equal((21, 64, 128, false), Gemm(Match("aten::matmul", "[[3,7,64],[64,128]]", ["float", "float"])));
        Assert.Equal((1, 64, 128, false), Gemm(Match("aten::matmul", "[[64],[64,128]]", ["float", "float"])));
        Assert.Equal((7, 64, 128, false), Gemm(Match("aten::bmm", "[[1,7,64],[1,64,128]]", ["float", "float"])));
    }

    [Theory]
    [InlineData("aten::bmm", "[[2,7,64],[2,64,128]]", "float", "float")]
    [InlineData("aten::matmul", "[[2,7,64],[2,64,128]]", "float", "float")]
    [InlineData("aten::mm", "[[7,64],[65,128]]", "float", "float")]
    [InlineData("aten::mm", "[[7,64],[64,128]]", "double", "double")]
    [InlineData("aten::mm", "[[7,64],[64,128]]", "float", "c10::Half")]
    [InlineData("aten::mm", "[[0,64],[64,128]]", "float", "float")]
    [InlineData("aten::mm", "[[7,64],[64,-128]]", "float", "float")]
    [InlineData("aten::mm", "[[7,64],[[64,128]]]", "float", "float")]
    [InlineData("aten::mm", "[[2000000000,2000000000],[2000000000,2000000000]]", "float", "float")]
    [InlineData("aten::mm", "[]", "float", "float")]
    [InlineData("aten::mm", "[[7,64],[64,128]]")]
    [InlineData("aten::addmm", "[[7,128],[7,64],[64,128],[],[]]", "float", "float", "float")]
    [InlineData("aten::add", "[[7,64],[64],[]]", "float", "float")]
    [InlineData("aten::add", "[[7,64],[],[]]", "float", "Scalar")]
    [InlineData("aten::layer_norm", "[[7,64],[],[64],[],[],[]]", "float", "", "float", "")]
    [InlineData("aten::embedding", "[[100,64],[2,7]]", "float", "float")]
    [InlineData("_C::silu_and_mul", "[[7,64],[7,64]]", "float", "float")]
    [InlineData("aten::silu", "[[7,64]]", "float")]
    [InlineData("aten::_scaled_mm", "[[7,64],[64,128]]", "c10::Float8_e4m3fn", "c10::Float8_e4m3fn")]
    public void A_doubt_is_no_match(string name, string dims, params string[] types) => Assert.Null(Match(name, dims, types));

    [Fact]
    public void Norms_embeddings_activations_sums_and_the_choice_of_a_token_match()
    {
        Operator norm = Match("aten::native_layer_norm", "[[2,7,64],[],[64],[64],[]]", [Half, "", "float", "float", "Scalar"])!.Value;
        Assert.Equal((OperatorKind.Norm, NormKind.LayerNorm, 14, 64, DataType.Fp32, DataType.Fp16), (norm.Kind, norm.Norm, norm.Rows, norm.Inputs, norm.WeightType, norm.ActivationType));
        Operator rms = Match("_C::rms_norm", "[[7,64],[7,64],[64],[]]", [Half, Half, Half, "Scalar"])!.Value;
        Assert.Equal((OperatorKind.Norm, NormKind.RmsNorm, 7, 64), (rms.Kind, rms.Norm, rms.Rows, rms.Inputs));
        Operator embedding = Match("aten::embedding", "[[32000,64],[2,7],[],[],[]]", [Half, "long int", "Scalar", "Scalar", "Scalar"])!.Value;
        Assert.Equal((OperatorKind.Embedding, 14, 64), (embedding.Kind, embedding.Rows, embedding.Outputs));
        Operator gelu = Match("aten::gelu", "[[2,7,64],[]]", [Half, "Scalar"])!.Value;
        Assert.Equal((OperatorKind.Activation, ActivationKind.Gelu, 14, 64), (gelu.Kind, gelu.Activation, gelu.Rows, gelu.Outputs));
        Operator gated = Match("_C::silu_and_mul", "[[7,64],[7,128]]", [Half, Half])!.Value;
        Assert.Equal((OperatorKind.Activation, ActivationKind.SwiGlu, 7, 64), (gated.Kind, gated.Activation, gated.Rows, gated.Outputs));
        Operator add = Match("aten::add", "[[2,7,64],[2,7,64],[]]", [Half, Half, "Scalar"], ["", "", "1"])!.Value;
        Assert.Equal((OperatorKind.Add, 14, 64), (add.Kind, add.Rows, add.Outputs));
        Assert.Null(Match("aten::add", "[[2,7,64],[2,7,64],[]]", [Half, Half, "Scalar"], ["", "", "0.5"]));
        Operator sample = Match("aten::argmax", "[[7,32000],[],[]]", [Half, "Scalar", "Scalar"], ["", "-1", "False"])!.Value;
        Assert.Equal((OperatorKind.Sample, 7, 32000), (sample.Kind, sample.Rows, sample.Inputs));
        Assert.Null(Match("aten::argmax", "[[7,32000],[],[]]", [Half, "Scalar", "Scalar"], ["", "0", "False"]));
        Assert.Null(Match("aten::argmax", "[[7,32000],[],[]]", [Half, "Scalar", "Scalar"]));
    }

    [Theory]
    [InlineData(5, 5, "True", true)]
    [InlineData(5, 5, "False", false)]
    [InlineData(5, 9, "True", false)]
    [InlineData(1, 9, "False", true)]
    [InlineData(1, 9, "True", false)]
    [InlineData(1, 9, "", false)]
    public void Attention_matches_where_causality_is_certain(int tokens, int context, string causal, bool matches)
    {
        Operator? op = Match(
            "aten::_scaled_dot_product_flash_attention",
            $"[[2,8,{tokens},64],[2,4,{context},64],[2,4,{context},64],[],[],[],[]]",
            [Half, Half, Half, "Scalar", "Scalar", "Scalar", ""],
            ["", "", "", "0.", causal, "False", ""]);
        Assert.Equal(matches, op is not null);
        if (op is { } found)
        {
            Assert.Equal((2 * tokens, 2, 8, 4, 64, context), (found.Rows, found.Sequences, found.Heads, found.KvHeads, found.HeadDim, found.Context));
            Assert.True(OperatorCost.AttentionPairs(found) == 2L * (tokens == 1 ? context : tokens * (tokens + 1) / 2));
        }
    }

    [Fact]
    public void Attention_with_a_mask_or_dropout_is_in_doubt()
    {
        string[] types = [Half, Half, Half, Half, "Scalar", "Scalar"];
        Assert.NotNull(Match("aten::scaled_dot_product_attention", "[[2,8,5,64],[2,8,5,64],[2,8,5,64],[],[],[]]", types, ["", "", "", "", "0.", "True"]));
        Assert.Null(Match("aten::scaled_dot_product_attention", "[[2,8,5,64],[2,8,5,64],[2,8,5,64],[5,5],[],[]]", types, ["", "", "", "", "0.", "True"]));
        Assert.Null(Match("aten::scaled_dot_product_attention", "[[2,8,5,64],[2,8,5,64],[2,8,5,64],[],[],[]]", types, ["", "", "", "", "0.1", "True"]));
    }

    [Fact]
    public void Rope_and_cache_writes_of_vllm_match()
    {
        Operator rope = Match("_C::rotary_embedding", "[[7],[7,512],[7,128],[],[4096,64],[]]", ["long int", Half, Half, "Scalar", Half, "Scalar"], ["", "", "", "64", "", "True"])!.Value;
        Assert.Equal((OperatorKind.Rope, 7, 8, 2, 64), (rope.Kind, rope.Rows, rope.Heads, rope.KvHeads, rope.HeadDim));
        Operator append = Match("_C_cache_ops::reshape_and_cache_flash", "[[8,2,64],[8,2,64],[99,16,2,64],[99,16,2,64],[7],[],[],[]]", [Half, Half, Half, Half, "long int", "", "float", "float"])!.Value;
        Assert.Equal((OperatorKind.KvAppend, 7, 2, 64), (append.Kind, append.Rows, append.KvHeads, append.HeadDim));
    }

    [Fact]
    public void Every_rule_bears_any_number_of_arguments()
    {
        string[] names = [.. OperatorMatch.Names];
        Assert.True(names.Length > 20);
        Random random = new(5);
        for (int i = 0; i < 3000; i++)
        {
            string dims = string.Join(',', Enumerable.Range(0, random.Next(8)).Select(_ => $"[{string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(0, 4)))}]"));
            string[] types = [.. Enumerable.Range(0, random.Next(8)).Select(_ => random.Next(3) == 0 ? "long int" : "float")];
            string[] values = [.. Enumerable.Range(0, random.Next(8)).Select(_ => random.Next(3) switch { 0 => "", 1 => "0", _ => "True" })];
            if (Match(names[random.Next(names.Length)], $"[{dims}]", types, values) is { } op)
            {
                Assert.True(OperatorCost.Of(op).Bytes > 0);
            }
        }
    }

    private static (int Rows, int Inputs, int Outputs, bool Bias) Gemm(Operator? op)
    {
        Assert.Equal(OperatorKind.Gemm, op!.Value.Kind);
        return (op.Value.Rows, op.Value.Inputs, op.Value.Outputs, op.Value.Bias);
    }

    /// <summary>Imports a trace of one kernel that this operator launched; null if the kernel stays opaque.</summary>
    private Operator? Match(string name, string dims, string[] types, string[]? values = null)
    {
        string Strings(string[] list) => $"[{string.Join(',', list.Select(text => $"\"{text}\""))}]";
        string concrete = values is null ? "" : $",\"Concrete Inputs\":{Strings(values)}";
        string path = _files.Write($$$"""
            {"traceEvents":[
            {"ph":"X","cat":"cpu_op","name":"{{{name}}}","pid":1,"tid":1,"ts":10,"dur":20,"args":{"External id":1,"Input Dims":{{{dims}}},"Input type":{{{Strings(types)}}}{{{concrete}}}}},
            {"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":15,"dur":2,"args":{"correlation":7}},
            {"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":40,"dur":1.5,"args":{"device":0,"stream":7,"correlation":7,"External id":1}}
            ]}
            """);
        Operator op = Assert.Single(Assert.Single(Assert.Single(Assert.IsType<ImportedSteps>(TraceImport.Open(path)).Steps()).Blocks).Operators);
        return op.Kind == OperatorKind.Opaque ? null : op;
    }
}
