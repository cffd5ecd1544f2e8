using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>GPT-NeoX and Pythia: part of each head is rotated, attention and feed-forward network may run side by side.</summary>
internal sealed class NeoxFamily : ModelFamily
{
    public override ImmutableArray<string> ModelTypes => ["gpt_neox"];

    public override ImmutableArray<string> Prefixes => ["gpt_neox.", ""];

    public override string TokenEmbedding => "embed_in.weight";

    public override string Head => "embed_out.weight";

    public override ModelConfig Read(ConfigFile config)
    {
        config.OnlyFlag("attention_bias", true, "all matrices of a layer have a bias");

        int hidden = config.Size("hidden_size");
        int heads = config.Size("num_attention_heads");
        int vocab = config.Size("vocab_size");
        int headDim = config.HeadDim("hidden_size", hidden, "num_attention_heads", heads);
        RotarySettings rotary = RotarySettings.Read(config, "rotary_emb_base", "rotary_pct", 0.25);
        int rotaryDim = (int)Math.Min(headDim * rotary.Fraction, int.MaxValue);
        if (config.Problems.Problems.Count == 0 && (rotaryDim < 2 || rotaryDim > headDim || rotaryDim % 2 != 0))
        {
            config.Optional("rotary_pct").Report($"rotates {rotaryDim} of {headDim} channels of a head; an even number from 2 to {headDim} is needed");
        }

        (ActivationKind activation, bool byTanh) = config.Activation("hidden_act", "gelu");
        (int begin, int end) = config.EndTokens(vocab, 0, 2);
        ModelShape shape = new()
        {
            Name = config.ModelType,
            Layers = config.Size("num_hidden_layers"),
            Hidden = hidden,
            Heads = heads,
            KvHeads = heads,
            HeadDim = headDim,
            Ffn = config.Size("intermediate_size"),
            Activation = activation,
            Norm = NormKind.LayerNorm,
            Position = PositionKind.Rotary,
            Biases = BiasKind.All,
            Vocab = vocab,
            MaxPositions = rotary.Positions,
            Tied = config.Optional("tie_word_embeddings").Flag(false),
            RotaryDim = rotaryDim == headDim ? 0 : rotaryDim,
            ParallelResidual = config.Optional("use_parallel_residual").Flag(true),
        };
        ModelNumerics numerics = new()
        {
            NormEpsilon = config.Optional("layer_norm_eps").Positive(1e-5),
            RopeBase = rotary.Base,
            RopeScaling = rotary.Scaling,
            GeluByTanh = byTanh,
            BeginToken = begin,
            EndToken = end,
        };
        return new ModelConfig(shape, numerics);
    }

    public override string Norm(OperatorRole role, int layer) => role switch
    {
        OperatorRole.AttentionNorm => $"layers.{layer}.input_layernorm",
        OperatorRole.FfnNorm => $"layers.{layer}.post_attention_layernorm",
        OperatorRole.FinalNorm => "final_layer_norm",
        _ => throw Unknown(role),
    };

    public override MatrixSource Matrix(OperatorRole role, int layer) => role switch
    {
        OperatorRole.QkvProjection => new(MatrixLayout.HeadByHead, [$"layers.{layer}.attention.query_key_value"]),
        OperatorRole.OutputProjection => new(MatrixLayout.Rows, [$"layers.{layer}.attention.dense"]),
        OperatorRole.FfnUp => new(MatrixLayout.Rows, [$"layers.{layer}.mlp.dense_h_to_4h"]),
        OperatorRole.FfnDown => new(MatrixLayout.Rows, [$"layers.{layer}.mlp.dense_4h_to_h"]),
        _ => throw Unknown(role),
    };

    public override bool IsBuffer(string name) =>
        name.EndsWith(".attention.bias", StringComparison.Ordinal)
        || name.EndsWith(".attention.masked_bias", StringComparison.Ordinal)
        || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal);
}
