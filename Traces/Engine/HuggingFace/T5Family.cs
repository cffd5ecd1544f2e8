using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>What a config.json of an encoder-decoder says.</summary>
/// <param name="Shape">The model; the storage of weights is not known yet.</param>
/// <param name="Numerics">The numbers beside the weights.</param>
internal sealed record EncoderDecoderConfig(EncoderDecoderShape Shape, EncoderDecoderNumerics Numerics);

/// <summary>T5 and FLAN-T5: how Hugging Face names their configuration and their tensors.</summary>
internal static class T5Family
{
    public const string ModelType = "t5";

    public const string Head = "lm_head.weight";

    /// <summary>The table that both stacks share; a file holds it under one or several of these names.</summary>
    public static readonly ImmutableArray<string> TokenEmbeddings = ["shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];

    /// <summary>Leave the forward pass alone: a length that relative positions do not know, bookkeeping, training.</summary>
    private static readonly ImmutableArray<string> HarmlessKeys = ["n_positions", "output_past", "dropout_rate", "initializer_factor"];

    /// <summary>Reads the keys that matter. Faults are reported, and reading goes on.</summary>
    public static EncoderDecoderConfig Read(ConfigFile config)
    {
        foreach (string key in HarmlessKeys)
        {
            config.Optional(key);
        }

        int heads = config.Size("num_heads");
        int headDim = config.Size("d_kv");
        config.CheckHeads(heads, "d_kv", headDim);
        int layers = config.Size("num_layers");
        int vocab = config.Size("vocab_size");
        bool tied = config.Optional("tie_word_embeddings").Flag(true);
        (ActivationKind activation, bool byTanh) = FeedForward(config);
        EncoderDecoderShape shape = new()
        {
            Name = ModelType,
            EncoderLayers = layers,
            DecoderLayers = config.Size("num_decoder_layers", layers),
            Hidden = config.Size("d_model"),
            Heads = heads,
            HeadDim = headDim,
            Ffn = config.Size("d_ff"),
            Activation = activation,
            Norm = NormKind.RmsNorm,
            Position = EncoderDecoderPosition.RelativeBuckets,
            Biases = false,
            Vocab = vocab,
            MaxPositions = int.MaxValue,
            Tied = tied,
            Buckets = Buckets(config),
        };
        EncoderDecoderNumerics numerics = new()
        {
            NormEpsilon = config.Optional("layer_norm_epsilon").Positive(1e-6),
            GeluByTanh = byTanh,
            ScaledScores = false,
            ScaledHead = tied,

            // The decoder of T5 begins with the padding token.
            StartToken = config.Optional("decoder_start_token_id").Integer(0, vocab - 1, config.Optional("pad_token_id").Integer(0, vocab - 1, 0)),
            EndToken = config.EndTokens(vocab, -1, 1).End,
        };
        return new EncoderDecoderConfig(shape, numerics);
    }

    /// <summary>The tensor of a normalisation.</summary>
    public static string Norm(ModelStack stack, OperatorRole role, int layer) => role == OperatorRole.FinalNorm
        ? $"{Word(stack)}.final_layer_norm.weight"
        : $"{Word(stack)}.block.{layer}.layer.{Sublayer(stack, role)}.layer_norm.weight";

    /// <summary>The tensor of the position biases, which the first layer holds for all.</summary>
    public static string Positions(ModelStack stack) => $"{Word(stack)}.block.0.layer.0.SelfAttention.relative_attention_bias.weight";

    /// <summary>The tensors that make up the matrix of a role, one after the other.</summary>
    public static ImmutableArray<string> Matrix(ModelStack stack, OperatorRole role, int layer, bool gated)
    {
        string at = $"{Word(stack)}.block.{layer}.layer.{Sublayer(stack, role)}.";
        return role switch
        {
            OperatorRole.QkvProjection => [$"{at}SelfAttention.q.weight", $"{at}SelfAttention.k.weight", $"{at}SelfAttention.v.weight"],
            OperatorRole.OutputProjection => [$"{at}SelfAttention.o.weight"],
            OperatorRole.CrossQueryProjection => [$"{at}EncDecAttention.q.weight"],
            OperatorRole.CrossKvProjection => [$"{at}EncDecAttention.k.weight", $"{at}EncDecAttention.v.weight"],
            OperatorRole.CrossOutputProjection => [$"{at}EncDecAttention.o.weight"],
            OperatorRole.FfnUp => gated ? [$"{at}DenseReluDense.wi_0.weight", $"{at}DenseReluDense.wi_1.weight"] : [$"{at}DenseReluDense.wi.weight"],
            OperatorRole.FfnDown => [$"{at}DenseReluDense.wo.weight"],
            _ => throw new ArgumentOutOfRangeException(nameof(role), role, "this role has no weights of this kind"),
        };
    }

    /// <summary>True for a tensor that is no weight: the first files hold position biases of cross-attention, which T5 does not use.</summary>
    public static bool IsBuffer(string name) => name == "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight";

    private static string Word(ModelStack stack) => stack == ModelStack.Encoder ? "encoder" : "decoder";

    private static int Sublayer(ModelStack stack, OperatorRole role) => role switch
    {
        OperatorRole.AttentionNorm or OperatorRole.QkvProjection or OperatorRole.OutputProjection => 0,
        OperatorRole.FfnNorm or OperatorRole.FfnUp or OperatorRole.FfnDown => stack == ModelStack.Encoder ? 1 : 2,
        _ => 1,
    };

    private static RelativeBuckets Buckets(ConfigFile config)
    {
        RelativeBuckets buckets = new(config.Size("relative_attention_num_buckets", 32), config.Size("relative_attention_max_distance", 128));
        if (buckets.Fault is { } fault)
        {
            string key = buckets.Count is < RelativeBuckets.LeastCount or > RelativeBuckets.MostCount ? "relative_attention_num_buckets" : "relative_attention_max_distance";
            config.Optional(key).Report(fault);
        }

        return buckets;
    }

    /// <summary>
    /// <c>feed_forward_proj</c>, and the two keys that newer files derive from it. Of <c>gated-gelu</c> the library takes the tanh form, of
    /// <c>gelu</c> the error function.
    /// </summary>
    private static (ActivationKind Kind, bool ByTanh) FeedForward(ConfigFile config)
    {
        JsonPlace place = config.Optional("feed_forward_proj");
        string word = place.Text("relu");
        (ActivationKind Kind, bool ByTanh, string Function)? known = word switch
        {
            "relu" => (ActivationKind.Relu, true, "relu"),
            "gelu" => (ActivationKind.Gelu, false, "gelu"),
            "gelu_new" => (ActivationKind.Gelu, true, "gelu_new"),
            "gated-gelu" => (ActivationKind.GeGlu, true, "gelu_new"),
            "gated-silu" => (ActivationKind.SwiGlu, true, "silu"),
            _ => null,
        };
        if (known is not { } read)
        {
            place.Report($"the feed-forward network {place.Shown} is not supported; relu, gelu, gelu_new, gated-gelu and gated-silu are");
            config.Optional("dense_act_fn");
            config.Optional("is_gated_act");
            return (ActivationKind.Relu, true);
        }

        JsonPlace function = config.Optional("dense_act_fn");
        if (function.Text(read.Function) != read.Function)
        {
            function.Report($"{function.Shown} does not go with the feed_forward_proj '{word}'; \"{read.Function}\" would be right");
        }

        config.OnlyFlag("is_gated_act", read.Kind is ActivationKind.GeGlu or ActivationKind.SwiGlu, $"feed_forward_proj is '{word}'");
        return (read.Kind, read.ByTanh);
    }
}
