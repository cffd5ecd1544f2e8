using System.Text.Json;
using System.Text.Json.Nodes;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

/// <summary>A tiny random T5 as a Hugging Face folder; what <see cref="TinyModelFolder"/> is for decoders.</summary>
internal sealed class TinyT5Folder
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Random _random;
    private readonly DataType _type;

    public TinyT5Folder(int seed, DataType type = DataType.Fp32)
    {
        _random = new Random(seed);
        _type = type;
        EncoderLayers = _random.Next(1, 4);
        DecoderLayers = _random.Next(1, 4);
        Heads = _random.Next(1, 4);
        HeadDim = _random.Next(2, 12);
        Hidden = _random.Next(6, 40);
        Ffn = _random.Next(5, 40);
        Vocab = _random.Next(40, 90);
        Gated = _random.Next(2) == 0;
        Tied = _random.Next(2) == 0;
        Config = new JsonObject
        {
            ["model_type"] = "t5",
            ["d_model"] = Hidden,
            ["d_kv"] = HeadDim,
            ["d_ff"] = Ffn,
            ["num_layers"] = EncoderLayers,
            ["num_decoder_layers"] = DecoderLayers,
            ["num_heads"] = Heads,
            ["relative_attention_num_buckets"] = 12,
            ["relative_attention_max_distance"] = 30,
            ["feed_forward_proj"] = Gated ? "gated-gelu" : "relu",
            ["tie_word_embeddings"] = Tied,
            ["layer_norm_epsilon"] = 1e-5,
            ["vocab_size"] = Vocab,
            ["is_encoder_decoder"] = true,
            ["decoder_start_token_id"] = 2,
            ["pad_token_id"] = 0,
            ["eos_token_id"] = 1,
            ["n_positions"] = 512,
            ["output_past"] = true,
            ["dropout_rate"] = 0.1,
            ["initializer_factor"] = 1.0,
            ["transformers_version"] = "4.45.0",
        };
        AddTensors();
    }

    public JsonObject Config { get; }

    public SortedDictionary<string, TinyTensor> Tensors { get; } = new(StringComparer.Ordinal);

    public int EncoderLayers { get; }

    public int DecoderLayers { get; }

    public int Heads { get; }

    public int HeadDim { get; }

    public int Hidden { get; }

    public int Ffn { get; }

    public int Vocab { get; }

    public bool Gated { get; }

    public bool Tied { get; }

    public void Write(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), Config.ToJsonString(Indented));
        TinyTensor.WriteFile(Path.Combine(folder, "model.safetensors"), Tensors);
    }

    private void AddTensors()
    {
        Add("shared.weight", 0.7, Vocab, Hidden);
        foreach ((string stack, int layers) in new[] { ("encoder", EncoderLayers), ("decoder", DecoderLayers) })
        {
            for (int layer = 0; layer < layers; layer++)
            {
                string at = $"{stack}.block.{layer}.layer.";
                AddAttention($"{at}0.SelfAttention");
                AddNorm($"{at}0.layer_norm");
                if (stack == "decoder")
                {
                    AddAttention($"{at}1.EncDecAttention");
                    AddNorm($"{at}1.layer_norm");
                }

                int last = stack == "decoder" ? 2 : 1;
                foreach (string up in Gated ? (string[])["wi_0", "wi_1"] : ["wi"])
                {
                    Add($"{at}{last}.DenseReluDense.{up}.weight", 0.3, Ffn, Hidden);
                }

                Add($"{at}{last}.DenseReluDense.wo.weight", 0.3, Hidden, Ffn);
                AddNorm($"{at}{last}.layer_norm");
            }

            Add($"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", 0.5, 12, Heads);
            AddNorm($"{stack}.final_layer_norm");
            if (_random.Next(2) == 0)
            {
                Tensors[$"{stack}.embed_tokens.weight"] = Tensors["shared.weight"];
            }
        }

        // The first files hold it, and T5 does not use it.
        Add("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", 0.5, 12, Heads);
        if (!Tied)
        {
            Add("lm_head.weight", 0.3, Vocab, Hidden);
        }
        else if (_random.Next(2) == 0)
        {
            Tensors["lm_head.weight"] = Tensors["shared.weight"];
        }
    }

    private void AddAttention(string stem)
    {
        foreach (string projection in (string[])["q", "k", "v"])
        {
            Add($"{stem}.{projection}.weight", 0.2, Heads * HeadDim, Hidden);
        }

        Add($"{stem}.o.weight", 0.3, Hidden, Heads * HeadDim);
    }

    private void AddNorm(string stem) => Tensors[$"{stem}.weight"] = TinyTensor.Random(_random, _type, 0.2, 1, Hidden);

    private void Add(string name, double deviation, int rows, int columns) => Tensors[name] = TinyTensor.Random(_random, _type, deviation, 0, rows, columns);
}
