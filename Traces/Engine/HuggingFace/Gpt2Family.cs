using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>GPT-2: matrices are stored [inputs, outputs].</summary>
internal sealed class Gpt2Family : ModelFamily
{
    public override ImmutableArray<string> ModelTypes => ["gpt2"];

    public override ImmutableArray<string> Prefixes => ["transformer.", ""];

    public override string TokenEmbedding => "wte.weight";

    public override string? PositionEmbedding => "wpe.weight";

    public override ModelConfig Read(ConfigFile config)
    {
        config.OnlyFlag("scale_attn_weights", true, "scores are divided by the root of the head width");
        config.OnlyFlag("scale_attn_by_inverse_layer_idx", false, "scores are scaled alike in all layers");

        // The same formula in another order of rounding; n_ctx repeats n_positions in old files.
        config.Optional("reorder_and_upcast_attn").Flag(false);
        config.Optional("n_ctx").Integer(1, int.MaxValue, 1);

        int hidden = config.Size("n_embd");
        int heads = config.Size("n_head");
        int vocab = config.Size("vocab_size");
        (ActivationKind activation, bool byTanh) = config.Activation("activation_function", "gelu_new");
        (int begin, int end) = config.EndTokens(vocab, 50_256, 50_256);
        ModelShape shape = new()
        {
            Name = config.ModelType,
            Layers = config.Size("n_layer"),
            Hidden = hidden,
            Heads = heads,
            KvHeads = heads,
            HeadDim = config.HeadDim("n_embd", hidden, "n_head", heads),
            Ffn = config.Size("n_inner", 4 * hidden),
            Activation = activation,
            Norm = NormKind.LayerNorm,
            Position = PositionKind.Learned,
            Biases = BiasKind.All,
            Vocab = vocab,
            MaxPositions = config.Size("n_positions"),
            Tied = config.Optional("tie_word_embeddings").Flag(true),
        };
        ModelNumerics numerics = new()
        {
            NormEpsilon = config.Optional("layer_norm_epsilon").Positive(1e-5),
            GeluByTanh = byTanh,
            BeginToken = begin,
            EndToken = end,
        };
        return new ModelConfig(shape, numerics);
    }

    public override string Norm(OperatorRole role, int layer) => role switch
    {
        OperatorRole.AttentionNorm => $"h.{layer}.ln_1",
        OperatorRole.FfnNorm => $"h.{layer}.ln_2",
        OperatorRole.FinalNorm => "ln_f",
        _ => throw Unknown(role),
    };

    public override MatrixSource Matrix(OperatorRole role, int layer) => new(MatrixLayout.Transposed, role switch
    {
        OperatorRole.QkvProjection => [$"h.{layer}.attn.c_attn"],
        OperatorRole.OutputProjection => [$"h.{layer}.attn.c_proj"],
        OperatorRole.FfnUp => [$"h.{layer}.mlp.c_fc"],
        OperatorRole.FfnDown => [$"h.{layer}.mlp.c_proj"],
        _ => throw Unknown(role),
    });

    public override bool IsBuffer(string name) =>
        name.EndsWith(".attn.bias", StringComparison.Ordinal) || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal);
}
