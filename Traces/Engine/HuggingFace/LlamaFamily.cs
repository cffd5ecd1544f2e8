using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>LLaMA and what is built alike: Mistral (a sliding window), Qwen2 (a bias on queries, keys and values), Qwen3 (norms of queries and keys).</summary>
internal sealed class LlamaFamily : ModelFamily
{
    public override ImmutableArray<string> ModelTypes => ["llama", "mistral", "qwen2", "qwen3"];

    public override ImmutableArray<string> Prefixes => ["model.", ""];

    public override string TokenEmbedding => "embed_tokens.weight";

    public override ModelConfig Read(ConfigFile config)
    {
        int hidden = config.Size("hidden_size");
        int heads = config.Size("num_attention_heads");
        int kvHeads = KvHeads(config, heads);
        int vocab = config.Size("vocab_size");
        if (heads % kvHeads != 0)
        {
            config.Optional("num_key_value_heads").Report($"{kvHeads} key/value heads do not divide {heads} query heads (num_attention_heads)");
        }

        // Where the key is missing, transformers takes 128 for Qwen3 and what the widths give for the others.
        int headDim = config.Optional("head_dim").Exists ? config.Size("head_dim") : config.ModelType == "qwen3" ? 128 : config.HeadDim("hidden_size", hidden, "num_attention_heads", heads);
        if (headDim % 2 != 0 && config.Problems.Problems.Count == 0)
        {
            config.Optional("head_dim").Report($"a head of {headDim} channels cannot be rotated: an even width is needed");
        }

        config.CheckHeads(heads, "head_dim", headDim);
        RotarySettings rotary = RotarySettings.Read(config, "rope_theta", "partial_rotary_factor", 1);
        if (rotary.Fraction != 1)
        {
            config.Optional("partial_rotary_factor").Report($"heads of {config.ModelType} are rotated as a whole; 1 would be right");
        }

        // Splits products for tensor parallelism: other rounding, the same formula.
        config.Optional("pretraining_tp").Integer(0, int.MaxValue, 1);

        (ActivationKind activation, bool byTanh) = config.GateActivation("hidden_act", "silu");
        (int begin, int end) = config.ModelType is "qwen2" or "qwen3" ? config.EndTokens(vocab, -1, -1) : config.EndTokens(vocab, 1, 2);
        ModelShape shape = new()
        {
            Name = config.ModelType,
            Layers = config.Size("num_hidden_layers"),
            Hidden = hidden,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            Ffn = config.Size("intermediate_size"),
            Activation = activation,
            Norm = NormKind.RmsNorm,
            Position = PositionKind.Rotary,
            Biases = ReadBiases(config),
            Vocab = vocab,
            MaxPositions = Math.Min(rotary.Positions, SlidingWindow(config)),
            Tied = config.Optional("tie_word_embeddings").Flag(false),
            QueryKeyNorm = config.ModelType == "qwen3",
        };
        ModelNumerics numerics = new()
        {
            NormEpsilon = config.Optional("rms_norm_eps").Positive(1e-6),
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
        OperatorRole.FinalNorm => "norm",
        OperatorRole.QueryNorm => $"layers.{layer}.self_attn.q_norm",
        OperatorRole.KeyNorm => $"layers.{layer}.self_attn.k_norm",
        _ => throw Unknown(role),
    };

    public override MatrixSource Matrix(OperatorRole role, int layer) => new(MatrixLayout.Rows, role switch
    {
        OperatorRole.QkvProjection => [$"layers.{layer}.self_attn.q_proj", $"layers.{layer}.self_attn.k_proj", $"layers.{layer}.self_attn.v_proj"],
        OperatorRole.OutputProjection => [$"layers.{layer}.self_attn.o_proj"],
        OperatorRole.FfnUp => [$"layers.{layer}.mlp.gate_proj", $"layers.{layer}.mlp.up_proj"],
        OperatorRole.FfnDown => [$"layers.{layer}.mlp.down_proj"],
        _ => throw Unknown(role),
    });

    public override bool IsBuffer(string name) => name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal);

    private static BiasKind ReadBiases(ConfigFile config)
    {
        if (config.ModelType != "llama")
        {
            if (config.ModelType == "qwen3")
            {
                config.OnlyFlag("attention_bias", false, "PimSim has no model with biases in attention alone");
            }

            return config.ModelType == "qwen2" ? BiasKind.Qkv : BiasKind.None;
        }

        JsonPlace attention = config.Optional("attention_bias");
        JsonPlace mlp = config.Optional("mlp_bias");
        bool inAttention = attention.Flag(false);
        if (inAttention != mlp.Flag(false))
        {
            (inAttention ? attention : mlp).Report("attention_bias and mlp_bias must both be true or both be false: PimSim has no model with one of them");
        }

        return inAttention ? BiasKind.All : BiasKind.None;
    }

    /// <summary>Null means one for each query head; so does a missing key, but only with LLaMA.</summary>
    private static int KvHeads(ConfigFile config, int heads)
    {
        JsonPlace place = config.Optional("num_key_value_heads");
        return place.Line == 0 && config.ModelType != "llama" ? config.Size("num_key_value_heads") : config.Size("num_key_value_heads", heads);
    }

    /// <summary>Tokens up to which a sliding window leaves nothing out.</summary>
    private static int SlidingWindow(ConfigFile config)
    {
        if (config.ModelType == "llama")
        {
            return int.MaxValue;
        }

        // Null means none; where the key is missing, transformers has a window of 4096 for both.
        int window = config.Size("sliding_window", config.Optional("sliding_window").Line == 0 ? 4096 : int.MaxValue);
        config.Optional("max_window_layers").Integer(0, int.MaxValue, 0);
        config.OnlyFlag("use_mrope", false, "positions have one dimension");
        JsonPlace kinds = config.Optional("layer_types");
        bool sliding = config.ModelType == "mistral" || config.Optional("use_sliding_window").Flag(false);
        if (kinds.Exists)
        {
            string[] words = kinds.IsList ? [.. kinds.Items.Select(kind => kind.ToString())] : [kinds.Shown];
            string? stranger = words.FirstOrDefault(word => word is not ("full_attention" or "sliding_attention"));
            if (stranger is not null)
            {
                kinds.Report($"'{stranger}' is not a kind of layer that PimSim has; full_attention and sliding_attention are");
            }

            sliding |= words.Contains("sliding_attention");
        }

        return sliding ? window : int.MaxValue;
    }
}
