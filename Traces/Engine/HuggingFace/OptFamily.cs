using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>OPT with pre-norm blocks. Its position table has two rows before the one of position 0.</summary>
internal sealed class OptFamily : ModelFamily
{
    public override ImmutableArray<string> ModelTypes => ["opt"];

    public override ImmutableArray<string> Prefixes => ["model.decoder.", "decoder."];

    public override string TokenEmbedding => "embed_tokens.weight";

    public override string? PositionEmbedding => "embed_positions.weight";

    public override int PositionOffset => 2;

    public override ModelConfig Read(ConfigFile config)
    {
        config.OnlyFlag("do_layer_norm_before", true, "blocks normalise before attention and feed-forward network, not after (as opt-350m does)");
        config.OnlyFlag("_remove_final_layer_norm", false, "the last block is followed by a normalisation");
        config.OnlyFlag("layer_norm_elementwise_affine", true, "normalisations have a scale and a shift");

        int hidden = config.Size("hidden_size");
        int heads = config.Size("num_attention_heads");
        int vocab = config.Size("vocab_size");
        int embedding = config.Size("word_embed_proj_dim", hidden);
        if (embedding != hidden)
        {
            config.Optional("word_embed_proj_dim").Report($"embeddings of {embedding} channels projected to {hidden} (hidden_size) are not supported; {hidden} would be right");
        }

        (ActivationKind activation, bool byTanh) = config.Activation("activation_function", "relu");
        (int begin, int end) = config.EndTokens(vocab, 2, 2);
        ModelShape shape = new()
        {
            Name = config.ModelType,
            Layers = config.Size("num_hidden_layers"),
            Hidden = hidden,
            Heads = heads,
            KvHeads = heads,
            HeadDim = config.HeadDim("hidden_size", hidden, "num_attention_heads", heads),
            Ffn = config.Size("ffn_dim"),
            Activation = activation,
            Norm = NormKind.LayerNorm,
            Position = PositionKind.Learned,
            Biases = config.Optional("enable_bias").Flag(true) ? BiasKind.All : BiasKind.None,
            Vocab = vocab,
            MaxPositions = config.Size("max_position_embeddings"),
            Tied = config.Optional("tie_word_embeddings").Flag(true),
        };

        // The epsilon is not in the file: OPT takes PyTorch's default, 1e-5.
        ModelNumerics numerics = new() { NormEpsilon = 1e-5, GeluByTanh = byTanh, BeginToken = begin, EndToken = end };
        return new ModelConfig(shape, numerics);
    }

    public override string Norm(OperatorRole role, int layer) => role switch
    {
        OperatorRole.AttentionNorm => $"layers.{layer}.self_attn_layer_norm",
        OperatorRole.FfnNorm => $"layers.{layer}.final_layer_norm",
        OperatorRole.FinalNorm => "final_layer_norm",
        _ => throw Unknown(role),
    };

    public override MatrixSource Matrix(OperatorRole role, int layer) => new(MatrixLayout.Rows, role switch
    {
        OperatorRole.QkvProjection => [$"layers.{layer}.self_attn.q_proj", $"layers.{layer}.self_attn.k_proj", $"layers.{layer}.self_attn.v_proj"],
        OperatorRole.OutputProjection => [$"layers.{layer}.self_attn.out_proj"],
        OperatorRole.FfnUp => [$"layers.{layer}.fc1"],
        OperatorRole.FfnDown => [$"layers.{layer}.fc2"],
        _ => throw Unknown(role),
    });

    public override bool IsBuffer(string name) => false;
}
