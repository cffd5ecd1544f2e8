using System.Text.Json;
using System.Text.Json.Nodes;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

/// <summary>
/// A tiny random model of a family as a Hugging Face folder. The tensors, under the names that the files have, are kept for comparison.
/// Change <see cref="Config"/> and <see cref="Tensors"/> before writing to get a folder that is wrong in one way.
/// </summary>
internal sealed class TinyModelFolder
{
    public static readonly string[] ModelTypes = ["gpt2", "opt", "llama", "mistral", "qwen2", "qwen3", "gpt_neox"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Random _random;
    private readonly DataType _type;

    private TinyModelFolder(string modelType, int seed, DataType type)
    {
        _random = new Random(seed);
        _type = type;
        Config = new JsonObject { ["model_type"] = modelType, ["transformers_version"] = "4.45.0" };
        Layers = _random.Next(1, 4);
        KvHeads = _random.Next(1, 4);
        Heads = KvHeads;
        HeadDim = 2 * _random.Next(2, 6);
        Hidden = Heads * HeadDim;
        Ffn = _random.Next(5, 40);
        Vocab = _random.Next(60, 90);
        Positions = _random.Next(40, 64);
    }

    public JsonObject Config { get; }

    public SortedDictionary<string, TinyTensor> Tensors { get; } = new(StringComparer.Ordinal);

    public int Layers { get; }

    public int KvHeads { get; }

    public int Heads { get; private set; }

    public int HeadDim { get; }

    public int Hidden { get; private set; }

    public int Ffn { get; }

    public int Vocab { get; }

    public int Positions { get; }

    public bool Tied { get; private set; }

    /// <summary>A model whose sizes and weights depend on the seed alone.</summary>
    public static TinyModelFolder Random(string modelType, int seed, DataType type = DataType.Fp32)
    {
        TinyModelFolder model = new(modelType, seed, type);
        switch (modelType)
        {
            case "gpt2":
                model.BuildGpt2();
                break;
            case "opt":
                model.BuildOpt();
                break;
            case "gpt_neox":
                model.BuildNeox();
                break;
            default:
                model.BuildLlama(modelType);
                break;
        }

        return model;
    }

    /// <summary>Writes config.json and one file, or several with an index.</summary>
    public void Write(string folder, int shards = 1)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), Config.ToJsonString(Indented));
        if (shards == 1)
        {
            TinyTensor.WriteFile(Path.Combine(folder, "model.safetensors"), Tensors);
            return;
        }

        JsonObject map = [];
        for (int shard = 0; shard < shards; shard++)
        {
            string name = $"model-{shard + 1:D5}-of-{shards:D5}.safetensors";
            int remainder = shard;
            KeyValuePair<string, TinyTensor>[] part = [.. Tensors.Where((_, index) => index % shards == remainder)];
            TinyTensor.WriteFile(Path.Combine(folder, name), part);
            foreach ((string tensor, _) in part)
            {
                map[tensor] = name;
            }
        }

        JsonObject index = new() { ["metadata"] = new JsonObject { ["total_size"] = 0 }, ["weight_map"] = map };
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), index.ToJsonString(Indented));
    }

    /// <summary>Adds a matrix with values of a size that keeps activations near one.</summary>
    public void AddMatrix(string name, int rows, int columns) => Tensors[name] = TinyTensor.Random(_random, _type, 0.3, 0, rows, columns);

    public void AddVector(string name, int length, double mean = 0) => Tensors[name] = TinyTensor.Random(_random, _type, 0.2, mean, length);

    private void BuildGpt2()
    {
        Tied = _random.Next(2) == 0;
        Set(("n_embd", Hidden), ("n_layer", Layers), ("n_head", Heads), ("n_inner", Ffn), ("n_positions", Positions), ("n_ctx", Positions), ("vocab_size", Vocab));
        Set(("activation_function", "gelu_new"), ("layer_norm_epsilon", 1e-4), ("attn_pdrop", 0.1), ("tie_word_embeddings", Tied), ("bos_token_id", 3), ("eos_token_id", 4));
        AddMatrix("transformer.wte.weight", Vocab, Hidden);
        AddMatrix("transformer.wpe.weight", Positions, Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            string at = $"transformer.h.{layer}.";
            AddNorm($"{at}ln_1");
            AddNorm($"{at}ln_2");
            AddConv($"{at}attn.c_attn", Hidden, 3 * Hidden);
            AddConv($"{at}attn.c_proj", Hidden, Hidden);
            AddConv($"{at}mlp.c_fc", Hidden, Ffn);
            AddConv($"{at}mlp.c_proj", Ffn, Hidden);
            Tensors[$"{at}attn.bias"] = new TinyTensor("BOOL", [1, 1, 4, 4], new float[16]);
        }

        AddNorm("transformer.ln_f");
        AddHead("lm_head.weight");
    }

    private void BuildOpt()
    {
        Tied = _random.Next(2) == 0;
        Set(("hidden_size", Hidden), ("num_hidden_layers", Layers), ("num_attention_heads", Heads), ("ffn_dim", Ffn), ("max_position_embeddings", Positions));
        Set(("vocab_size", Vocab), ("word_embed_proj_dim", Hidden), ("do_layer_norm_before", true), ("activation_function", "relu"), ("dropout", 0.1));
        Set(("tie_word_embeddings", Tied), ("bos_token_id", 2), ("eos_token_id", 2), ("enable_bias", true));
        AddMatrix("model.decoder.embed_tokens.weight", Vocab, Hidden);
        AddMatrix("model.decoder.embed_positions.weight", Positions + 2, Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            string at = $"model.decoder.layers.{layer}.";
            AddNorm($"{at}self_attn_layer_norm");
            AddNorm($"{at}final_layer_norm");
            foreach (string projection in (string[])["q_proj", "k_proj", "v_proj", "out_proj"])
            {
                AddLinear($"{at}self_attn.{projection}", Hidden, Hidden, true);
            }

            AddLinear($"{at}fc1", Ffn, Hidden, true);
            AddLinear($"{at}fc2", Hidden, Ffn, true);
        }

        AddNorm("model.decoder.final_layer_norm");
        AddHead("lm_head.weight");
    }

    private void BuildLlama(string modelType)
    {
        Heads = KvHeads * _random.Next(1, 4);
        Hidden = Heads * HeadDim;
        bool freeWidth = modelType != "qwen2" && _random.Next(2) == 0;
        if (freeWidth)
        {
            Hidden += 6;
            Set(("head_dim", HeadDim));
        }
        else if (modelType == "qwen3")
        {
            Set(("head_dim", HeadDim));
        }

        Tied = _random.Next(2) == 0;
        bool biases = modelType == "llama" && _random.Next(2) == 0;
        Set(("hidden_size", Hidden), ("num_hidden_layers", Layers), ("num_attention_heads", Heads), ("num_key_value_heads", KvHeads), ("intermediate_size", Ffn));
        Set(("max_position_embeddings", Positions), ("vocab_size", Vocab), ("rms_norm_eps", 1e-5), ("rope_theta", 5000.0), ("rope_scaling", null));
        Set(("hidden_act", "silu"), ("tie_word_embeddings", Tied), ("bos_token_id", 1), ("eos_token_id", new JsonArray(2, 5)));
        switch (modelType)
        {
            case "llama":
                Set(("attention_bias", biases), ("mlp_bias", biases), ("pretraining_tp", 1));
                break;
            case "qwen3":
                Set(("attention_bias", false), ("sliding_window", null), ("use_sliding_window", false), ("max_window_layers", Layers));
                break;
            case "mistral":
                Set(("sliding_window", Positions - 9));
                break;
            default:
                Set(("sliding_window", Positions - 9), ("use_sliding_window", false), ("max_window_layers", Layers));
                break;
        }

        AddMatrix("model.embed_tokens.weight", Vocab, Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            string at = $"model.layers.{layer}.";
            AddVector($"{at}input_layernorm.weight", Hidden, 1);
            AddVector($"{at}post_attention_layernorm.weight", Hidden, 1);
            AddLinear($"{at}self_attn.q_proj", Heads * HeadDim, Hidden, biases || modelType == "qwen2");
            AddLinear($"{at}self_attn.k_proj", KvHeads * HeadDim, Hidden, biases || modelType == "qwen2");
            AddLinear($"{at}self_attn.v_proj", KvHeads * HeadDim, Hidden, biases || modelType == "qwen2");
            if (modelType == "qwen3")
            {
                AddVector($"{at}self_attn.q_norm.weight", HeadDim, 1);
                AddVector($"{at}self_attn.k_norm.weight", HeadDim, 1);
            }

            AddLinear($"{at}self_attn.o_proj", Hidden, Heads * HeadDim, biases);
            AddLinear($"{at}mlp.gate_proj", Ffn, Hidden, biases);
            AddLinear($"{at}mlp.up_proj", Ffn, Hidden, biases);
            AddLinear($"{at}mlp.down_proj", Hidden, Ffn, biases);
        }

        AddVector("model.norm.weight", Hidden, 1);
        AddHead("lm_head.weight");
    }

    private void BuildNeox()
    {
        Set(("hidden_size", Hidden), ("num_hidden_layers", Layers), ("num_attention_heads", Heads), ("intermediate_size", Ffn), ("max_position_embeddings", Positions));
        Set(("vocab_size", Vocab), ("layer_norm_eps", 1e-5), ("rotary_pct", 0.5), ("rotary_emb_base", 10_000), ("hidden_act", "gelu"), ("tie_word_embeddings", false));
        Set(("use_parallel_residual", _random.Next(2) == 0), ("bos_token_id", 0), ("eos_token_id", 0), ("hidden_dropout_prob", 0.0));

        // Half of a head must be an even number of channels.
        Config["rotary_pct"] = HeadDim % 4 == 0 ? 0.5 : 1.0;
        AddMatrix("gpt_neox.embed_in.weight", Vocab, Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            string at = $"gpt_neox.layers.{layer}.";
            AddNorm($"{at}input_layernorm");
            AddNorm($"{at}post_attention_layernorm");
            AddLinear($"{at}attention.query_key_value", 3 * Hidden, Hidden, true);
            AddLinear($"{at}attention.dense", Hidden, Hidden, true);
            AddLinear($"{at}mlp.dense_h_to_4h", Ffn, Hidden, true);
            AddLinear($"{at}mlp.dense_4h_to_h", Hidden, Ffn, true);
            Tensors[$"{at}attention.rotary_emb.inv_freq"] = new TinyTensor("F32", [2], [1, 0.5f]);
        }

        AddNorm("gpt_neox.final_layer_norm");
        AddHead("embed_out.weight");
    }

    private void Set(params (string Key, JsonNode? Value)[] entries)
    {
        foreach ((string key, JsonNode? value) in entries)
        {
            Config[key] = value;
        }
    }

    private void AddNorm(string stem)
    {
        AddVector($"{stem}.weight", Hidden, 1);
        AddVector($"{stem}.bias", Hidden);
    }

    private void AddConv(string stem, int inputs, int outputs)
    {
        AddMatrix($"{stem}.weight", inputs, outputs);
        AddVector($"{stem}.bias", outputs);
    }

    private void AddLinear(string stem, int outputs, int inputs, bool bias)
    {
        AddMatrix($"{stem}.weight", outputs, inputs);
        if (bias)
        {
            AddVector($"{stem}.bias", outputs);
        }
    }

    private void AddHead(string name)
    {
        if (!Tied)
        {
            AddMatrix(name, Vocab, Hidden);
        }
    }
}
