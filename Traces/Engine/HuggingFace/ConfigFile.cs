using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>
/// A config.json. A key that a family did not ask for and that is not known to leave the arithmetic of inference alone is refused: it may
/// mean a model that PimSim would compute wrongly.
/// </summary>
internal sealed class ConfigFile
{
    private const long MaxBytes = 16L << 20;
    private const int MaxWidth = 1 << 24;

    /// <summary>Training, bookkeeping, and how text is generated from the logits: none changes what a forward pass computes.</summary>
    private static readonly FrozenSet<string> Harmless =
    [
        "_name_or_path", "name_or_path", "architectures", "attn_implementation", "_attn_implementation", "_commit_hash", "bad_words_ids", "begin_suppress_tokens",
        "chunk_size_feed_forward", "classifier_dropout", "decoder_start_token_id", "diversity_penalty", "do_sample", "dtype", "early_stopping",
        "encoder_no_repeat_ngram_size", "exponential_decay_length_penalty", "finetuning_task", "forced_bos_token_id", "forced_eos_token_id",
        "gradient_checkpointing", "id2label", "init_std", "initializer_range", "is_decoder", "label2id", "length_penalty", "max_length", "min_length",
        "no_repeat_ngram_size", "num_beam_groups", "num_beams", "num_return_sequences", "output_attentions", "output_hidden_states",
        "output_scores", "pad_token_id", "prefix", "problem_type", "remove_invalid_values", "repetition_penalty", "return_dict",
        "return_dict_in_generate", "sep_token_id", "suppress_tokens", "task_specific_params", "temperature", "tf_legacy_loss",
        "tokenizer_class", "top_k", "top_p", "torch_dtype", "torchscript", "transformers_version", "typical_p", "unsloth_version", "unsloth_fixed",
        "use_bfloat16", "use_cache", "layerdrop", "num_labels", "tie_encoder_decoder", "cross_attention_hidden_size", "max_sequence_length",
    ];

    private static readonly ImmutableArray<string> Dropouts = ["dropout", "_pdrop", "_dropout_prob"];

    private readonly JsonPlace _root;

    private ConfigFile(JsonPlace root, string modelType) => (_root, ModelType) = (root, modelType);

    /// <summary><c>model_type</c>.</summary>
    public string ModelType { get; }

    /// <summary>Where faults go.</summary>
    public ProblemList Problems => _root.Problems;

    /// <summary>The file as the user named it.</summary>
    public string File => _root.File;

    /// <summary>Reads a file and its model type.</summary>
    /// <param name="folder">The folder of the model.</param>
    /// <param name="knownTypes">What <c>model_type</c> may be.</param>
    /// <exception cref="PimSimUserException">No such folder or file, no JSON object, or an unknown model type.</exception>
    public static ConfigFile Load(string folder, IReadOnlyCollection<string> knownTypes)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string path = Path.Combine(folder, HuggingFaceModel.ConfigName);
        if (!Directory.Exists(folder) || !System.IO.File.Exists(path))
        {
            string what = Directory.Exists(folder) ? $"no {HuggingFaceModel.ConfigName} in it" : "there is no such folder";
            throw new PimSimUserException($"{folder}: {what}; a folder of a Hugging Face model is needed: {HuggingFaceModel.ConfigName} and safetensors files");
        }

        ProblemList problems = new();
        JsonPlace root = JsonPlace.Load(path, MaxBytes, problems);
        JsonPlace type = root.Required("model_type");
        string modelType = type.Text("");
        if (type.Exists && !knownTypes.Contains(modelType))
        {
            string? nearest = NearestWord.Find(modelType, knownTypes);
            string hint = nearest is null ? "" : $"; did you mean '{nearest}'?";
            type.Report($"{type.Shown} is not a family that PimSim reads: {string.Join(", ", knownTypes)}{hint}");
        }

        problems.ThrowIfAny();
        return new ConfigFile(root, modelType);
    }

    /// <summary>A key that may be missing or null.</summary>
    public JsonPlace Optional(string key) => _root.Optional(key);

    /// <summary>A size of the model, which must be there.</summary>
    public int Size(string key) => _root.Required(key).Integer(1, MaxWidth, 1);

    /// <summary>A size of the model that follows from others where it is missing or null.</summary>
    public int Size(string key, int fallback) => Optional(key).Integer(1, MaxWidth, fallback);

    /// <summary>Tokens that begin and end a text. Of several end tokens the first is taken.</summary>
    /// <param name="vocab">Entries of the vocabulary.</param>
    /// <param name="begin">What the family has where the file names none, or -1.</param>
    /// <param name="end">The same for the end.</param>
    public (int Begin, int End) EndTokens(int vocab, int begin, int end) => (Token("bos_token_id", vocab, begin), Token("eos_token_id", vocab, end));

    /// <summary>A key that changes the arithmetic and is supported with one value only, which is also what its absence means.</summary>
    public void OnlyFlag(string key, bool value, string meaning)
    {
        JsonPlace place = Optional(key);
        if (place.Flag(value) != value)
        {
            place.Report($"{place.Shown} is not supported: {meaning}; {(value ? "true" : "false")} would be right");
        }
    }

    /// <summary>A plain nonlinearity. Reports an unknown one.</summary>
    public (ActivationKind Kind, bool ByTanh) Activation(string key, string fallback)
    {
        JsonPlace place = Optional(key);
        switch (place.Text(fallback))
        {
            case "relu":
                return (ActivationKind.Relu, true);
            case "gelu" or "gelu_python":
                return (ActivationKind.Gelu, false);
            case "gelu_new" or "gelu_fast" or "gelu_accurate" or "gelu_pytorch_tanh":
                return (ActivationKind.Gelu, true);
            default:
                place.Report($"the nonlinearity {place.Shown} is not supported; relu, gelu, gelu_python, gelu_new, gelu_fast, gelu_accurate and gelu_pytorch_tanh are");
                return (ActivationKind.Relu, true);
        }
    }

    /// <summary>The nonlinearity of a gate. Reports an unknown one.</summary>
    public (ActivationKind Kind, bool ByTanh) GateActivation(string key, string fallback)
    {
        JsonPlace place = Optional(key);
        switch (place.Text(fallback))
        {
            case "silu" or "swish":
                return (ActivationKind.SwiGlu, true);
            case "gelu" or "gelu_python":
                return (ActivationKind.GeGlu, false);
            case "gelu_new" or "gelu_fast" or "gelu_accurate" or "gelu_pytorch_tanh":
                return (ActivationKind.GeGlu, true);
            default:
                place.Report($"the nonlinearity {place.Shown} is not supported for a gate; silu, swish, gelu, gelu_python, gelu_new, gelu_fast, gelu_accurate and gelu_pytorch_tanh are");
                return (ActivationKind.SwiGlu, true);
        }
    }

    /// <summary>The width of a head where it is the hidden width shared evenly.</summary>
    public int HeadDim(string hiddenKey, int hidden, string headsKey, int heads)
    {
        if (hidden % heads != 0)
        {
            Optional(headsKey).Report($"{heads} heads do not share {hidden} channels ({hiddenKey}) evenly");
            return 1;
        }

        return hidden / heads;
    }

    /// <summary>Reports heads that are wider, all together, than any model's.</summary>
    public void CheckHeads(int heads, string headDimKey, int headDim)
    {
        if ((long)heads * headDim > MaxWidth)
        {
            Optional(headDimKey).Report($"{heads} heads of {headDim} channels are too wide; {MaxWidth} channels are allowed");
        }
    }

    /// <summary>Ends the reading: reports what changes every family, and keys that nobody asked for.</summary>
    /// <param name="encoderDecoder">The family has an encoder; others have not.</param>
    public void Close(bool encoderDecoder = false)
    {
        string read = encoderDecoder ? $"of type {ModelType} whole encoder-decoders are read" : "decoder-only models are read";
        OnlyFlag("is_encoder_decoder", encoderDecoder, read);
        OnlyFlag("add_cross_attention", false, read);
        JsonPlace quantised = Optional("quantization_config");
        if (quantised.Exists)
        {
            quantised.Report("weights that are stored quantised are not read; load the model in fp32, fp16 or bf16 and quantise it here");
        }

        JsonPlace pruned = Optional("pruned_heads");
        if (pruned.Exists && (!pruned.IsObject || pruned.Members.Count > 0))
        {
            pruned.Report($"{pruned.Shown} is not supported: layers would differ in shape; {{}} would be right");
        }

        foreach ((string key, JsonPlace place) in _root.Unasked())
        {
            if (!Harmless.Contains(key) && !key.StartsWith("summary_", StringComparison.Ordinal) && !Dropouts.Any(key.EndsWith) && place.Exists)
            {
                place.Report($"unknown for a model of type {ModelType}, and it may change what the model computes; remove the key if it does not");
            }
        }
    }

    private int Token(string key, int vocab, int fallback)
    {
        JsonPlace place = Optional(key);
        if (place.IsList)
        {
            JsonElement first = place.Items.FirstOrDefault();
            if (first.ValueKind == JsonValueKind.Number && first.TryGetInt32(out int token) && token >= 0 && token < vocab)
            {
                return token;
            }

            place.Report($"{place.Shown} does not begin with a token below {vocab}");
            return -1;
        }

        // Transformers writes -1 for "none" here and there.
        return place.Integer(-1, vocab - 1, fallback < vocab ? fallback : -1);
    }
}
