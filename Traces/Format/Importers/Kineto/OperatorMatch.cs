using System.Collections.Frozen;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>
/// Which host operators are operators of PimSim: by name and recorded shapes, and only where both leave no doubt. What is
/// doubtful (a mask that was not recorded, a batched product, an 8-bit float) is no match. Argument orders are those of
/// PyTorch's native_functions.yaml and of vLLM's torch_bindings.cpp.
/// </summary>
internal sealed class OperatorMatch
{
    private delegate bool Rule(OperatorArguments arguments, out Operator op);

    private static readonly FrozenDictionary<string, Rule>.AlternateLookup<ReadOnlySpan<char>> Rules = new Dictionary<string, Rule>(StringComparer.Ordinal)
    {
        // mm(self, mat2); linear(input, weight [out, in], bias); addmm(bias, mat1, mat2); matmul(self, other)
        ["aten::mm"] = (OperatorArguments a, out Operator op) => ProductRules.Product(a, 0, 1, bias: -1, out op),
        ["aten::addmm"] = (OperatorArguments a, out Operator op) => ProductRules.Product(a, 1, 2, bias: 0, out op),
        ["aten::matmul"] = (OperatorArguments a, out Operator op) => ProductRules.Product(a, 0, 1, bias: -1, out op),
        ["aten::linear"] = ProductRules.Linear,
        ["aten::bmm"] = ProductRules.SingleBatch,

        ["aten::layer_norm"] = NormRules.LayerNorm,
        ["aten::native_layer_norm"] = NormRules.LayerNorm,
        ["aten::rms_norm"] = NormRules.RmsNorm,
        ["aten::_fused_rms_norm"] = NormRules.RmsNorm,
        ["_C::rms_norm"] = NormRules.VllmRmsNorm,

        // (query, key, value, attn_mask, dropout_p, is_causal, *, scale, enable_gqa) and the backends below it
        ["aten::scaled_dot_product_attention"] = (OperatorArguments a, out Operator op) => AttentionRules.HeadsFirst(a, mask: 3, dropout: 4, causal: 5, out op),
        ["aten::_scaled_dot_product_flash_attention"] = (OperatorArguments a, out Operator op) => AttentionRules.HeadsFirst(a, mask: -1, dropout: 3, causal: 4, out op),
        ["aten::_scaled_dot_product_efficient_attention"] = (OperatorArguments a, out Operator op) => AttentionRules.HeadsFirst(a, mask: 3, dropout: 5, causal: 6, out op),
        ["aten::_scaled_dot_product_cudnn_attention"] = (OperatorArguments a, out Operator op) => AttentionRules.HeadsFirst(a, mask: 3, dropout: 5, causal: 6, out op),
        ["_C::rotary_embedding"] = AttentionRules.VllmRope,
        ["_C_cache_ops::reshape_and_cache"] = AttentionRules.VllmKvAppend,
        ["_C_cache_ops::reshape_and_cache_flash"] = AttentionRules.VllmKvAppend,

        ["aten::embedding"] = ElementwiseRules.Embedding,
        ["aten::relu"] = (OperatorArguments a, out Operator op) => ElementwiseRules.Activation(a, ActivationKind.Relu, out op),
        ["aten::relu_"] = (OperatorArguments a, out Operator op) => ElementwiseRules.Activation(a, ActivationKind.Relu, out op),
        ["aten::gelu"] = (OperatorArguments a, out Operator op) => ElementwiseRules.Activation(a, ActivationKind.Gelu, out op),
        ["aten::gelu_"] = (OperatorArguments a, out Operator op) => ElementwiseRules.Activation(a, ActivationKind.Gelu, out op),
        ["_C::silu_and_mul"] = (OperatorArguments a, out Operator op) => ElementwiseRules.Gated(a, ActivationKind.SwiGlu, out op),
        ["_C::gelu_and_mul"] = (OperatorArguments a, out Operator op) => ElementwiseRules.Gated(a, ActivationKind.GeGlu, out op),
        ["_C::gelu_tanh_and_mul"] = (OperatorArguments a, out Operator op) => ElementwiseRules.Gated(a, ActivationKind.GeGlu, out op),
        ["aten::add"] = ElementwiseRules.Add,
        ["aten::add_"] = ElementwiseRules.Add,
        ["aten::argmax"] = ElementwiseRules.ArgMax,
    }.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Names that can match.</summary>
    public static IEnumerable<string> Names => Rules.Dictionary.Keys;

    /// <summary>Whether a host operator of this name can match at all.</summary>
    public static bool Knows(ReadOnlySpan<char> name) => Rules.ContainsKey(name);

    /// <summary>The operator of a host operator with these arguments; false if there is any doubt.</summary>
    public static bool TryMatch(ReadOnlySpan<char> name, OperatorArguments arguments, Phase phase, out Operator op)
    {
        op = default;
        if (!Rules.TryGetValue(name, out Rule? rule) || !rule(arguments, out op) || TraceRules.Fault(op) is not null)
        {
            return false;
        }

        op = op with { Phase = phase };
        return true;
    }
}
