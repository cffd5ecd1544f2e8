using System.Text.Json.Nodes;
using CsCheck;
using PimSim.Traces.Engine.HuggingFace;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

public class HuggingFaceRefusalTests
{
    [Theory]
    [InlineData("gpt2", "model_type", "\"gtp2\"", "\"gtp2\" is not a family that PimSim reads: gpt2, gpt_neox, llama, mistral, opt, qwen2, qwen3; did you mean 'gpt2'?")]
    [InlineData("gpt2", "model_type", "7", "7 is not a text")]
    [InlineData("gpt2", "scale_attn_by_inverse_layer_idx", "true", "true is not supported: scores are scaled alike in all layers; false would be right")]
    [InlineData("gpt2", "scale_attn_weights", "false", "true would be right")]
    [InlineData("gpt2", "activation_function", "\"quick_gelu\"", "the nonlinearity \"quick_gelu\" is not supported; relu, gelu,")]
    [InlineData("gpt2", "n_head", "1000", "1000 heads do not share")]
    [InlineData("gpt2", "n_embd", "0", "0 is out of range: 1 to")]
    [InlineData("gpt2", "n_embd", "\"64\"", "\"64\" is not a whole number")]
    [InlineData("gpt2", "add_cross_attention", "true", "decoder-only models are read")]
    [InlineData("gpt2", "layer_norm_epsilon", "0", "0 is not a number above 0")]
    [InlineData("opt", "do_layer_norm_before", "false", "blocks normalise before attention and feed-forward network, not after (as opt-350m does); true would be right")]
    [InlineData("opt", "word_embed_proj_dim", "3", "embeddings of 3 channels projected to")]
    [InlineData("opt", "layer_norm_elementwise_affine", "false", "true would be right")]
    [InlineData("opt", "_remove_final_layer_norm", "true", "false would be right")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\":\"longrope\",\"factor\":8.0}", "rotary positions of the kind \"longrope\" are not supported; default, linear, dynamic, llama3 and yarn are")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8.0}", "'low_freq_factor' is missing")]
    [InlineData("llama", "rope_scaling", "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":4,\"original_max_position_embeddings\":9}", "4 must be larger than low_freq_factor, 4")]
    [InlineData("llama", "rope_scaling", "{\"type\":\"linear\"}", "'factor' is missing")]
    [InlineData("llama", "rope_scaling", "{\"type\":\"linear\",\"factor\":0.5}", "0.5 would shorten the context; a number from 1 on is needed")]
    [InlineData("llama", "rope_scaling", "{\"type\":\"linear\",\"factor\":2,\"beta_fast\":3}", "unknown beside a rotary embedding of the kind linear")]
    [InlineData("llama", "rope_scaling", "{\"type\":\"linear\",\"rope_type\":\"yarn\",\"factor\":2}", "is the older spelling of rope_type, which is \"yarn\"; both must say the same")]
    [InlineData("llama", "rope_scaling", "{\"type\":\"yarn\",\"factor\":2,\"beta_fast\":3,\"beta_slow\":5}", "beta_fast (3) must be larger than beta_slow (5)")]
    [InlineData("llama", "rope_scaling", "{\"type\":\"yarn\",\"factor\":2,\"mscale\":1}", "mscale and mscale_all_dim work together only")]
    [InlineData("llama", "rope_scaling", "{\"type\":\"yarn\",\"factor\":2,\"original_max_position_embeddings\":5}", "no ramp between beta_fast and beta_slow lies within a window of 5 tokens")]
    [InlineData("llama", "rope_parameters", "{\"rope_type\":\"default\",\"rope_thta\":2.0}", "did you mean 'rope_theta'?")]
    [InlineData("llama", "num_key_value_heads", "1000", "1000 key/value heads do not divide")]
    [InlineData("llama", "head_dim", "7", "a head of 7 channels cannot be rotated")]
    [InlineData("llama", "head_dim", "16000000", "channels are too wide")]
    [InlineData("llama", "hidden_act", "\"relu\"", "not supported for a gate; silu,")]
    [InlineData("llama", "partial_rotary_factor", "0.5", "rotated as a whole; 1 would be right")]
    [InlineData("llama", "tie_word_embeddings", "\"yes\"", "\"yes\" is neither true nor false")]
    [InlineData("llama", "quantization_config", "{\"bits\":4}", "weights that are stored quantised are not read")]
    [InlineData("llama", "num_experts", "8", "unknown for a model of type llama, and it may change what the model computes; remove the key if it does not")]
    [InlineData("llama", "bos_token_id", "100000", "100000 is out of range")]
    [InlineData("llama", "eos_token_id", "[100000]", "does not begin with a token below")]
    [InlineData("qwen3", "attention_bias", "true", "PimSim has no model with biases in attention alone")]
    [InlineData("qwen2", "use_mrope", "true", "positions have one dimension")]
    [InlineData("qwen2", "layer_types", "[\"full_attention\",\"linear_attention\"]", "'linear_attention' is not a kind of layer")]
    [InlineData("mistral", "attention_bias", "true", "unknown for a model of type mistral")]
    [InlineData("gpt_neox", "attention_bias", "false", "all matrices of a layer have a bias; true would be right")]
    [InlineData("gpt_neox", "rotary_pct", "0.01", "rotates 0 of")]
    [InlineData("gpt_neox", "rotary_pct", "1e300", "an even number from 2 to")]
    [InlineData("gpt_neox", "pruned_heads", "{\"0\":[1]}", "layers would differ in shape")]
    public void A_configuration_that_would_be_computed_wrongly_is_refused_at_its_line(string modelType, string key, string value, string message)
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random(modelType, 11);
        model.Config[key] = JsonNode.Parse(value);
        model.Write(folder.Path);
        string[] lines = File.ReadAllLines(folder.File("config.json"));
        int line = Array.FindIndex(lines, text => text.Contains($"\"{key}\"", StringComparison.Ordinal)) + 1;
        string told = Refused(folder).Split(Environment.NewLine).Single(text => text.Contains(message, StringComparison.Ordinal));

        // Of an object, the line is that of the key inside that is wrong.
        int inside = value.StartsWith('{') ? Math.Max(3, value.Count(character => character == ',') + 1) : 0;
        Assert.Contains(Enumerable.Range(line, inside + 1), place => told.StartsWith($"{folder.File("config.json")}:{place}:", StringComparison.Ordinal));
    }

    [Fact]
    public void One_bias_of_llama_without_the_other_is_refused()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("llama", 11);
        model.Config["attention_bias"] = true;
        model.Config["mlp_bias"] = false;
        model.Write(folder.Path);
        Assert.Contains("attention_bias and mlp_bias must both be true or both be false", Refused(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_of_a_configuration_are_told_at_once()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("gpt2", 11);
        model.Config.Remove("n_layer");
        model.Config.Remove("vocab_size");
        model.Config["scale_attn_weights"] = false;
        model.Config["alibi"] = true;
        model.Write(folder.Path);
        string fault = Refused(folder);
        Assert.Contains("'n_layer' is missing", fault, StringComparison.Ordinal);
        Assert.Contains("'vocab_size' is missing", fault, StringComparison.Ordinal);
        Assert.Contains("scale_attn_weights:", fault, StringComparison.Ordinal);
        Assert.Contains("alibi:", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mistral", "null", null, 50_000)]
    [InlineData("mistral", null, null, 4096)]
    [InlineData("mistral", "300", null, 300)]
    [InlineData("qwen2", "300", "false", 50_000)]
    [InlineData("qwen2", "300", "true", 300)]
    [InlineData("qwen2", null, "true", 4096)]
    public void A_sliding_window_in_use_limits_the_context(string modelType, string? window, string? use, int expected)
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random(modelType, 11);
        model.Config["max_position_embeddings"] = 50_000;
        model.Config.Remove("sliding_window");
        model.Config.Remove("use_sliding_window");
        if (window is not null)
        {
            model.Config["sliding_window"] = JsonNode.Parse(window);
        }

        if (use is not null)
        {
            model.Config["use_sliding_window"] = JsonNode.Parse(use);
        }

        model.Write(folder.Path);
        Assert.Equal(expected, HuggingFaceModel.ReadShape(folder.Path).MaxPositions);
    }

    [Theory]
    [InlineData("{\"type\":\"yarn\",\"factor\":4.0,\"original_max_position_embeddings\":32768}", 131_072)]
    [InlineData("{\"type\":\"yarn\",\"original_max_position_embeddings\":4096}", 32_768)]
    [InlineData("{\"type\":\"yarn\",\"factor\":2.0}", 65_536)]
    [InlineData("{\"type\":\"linear\",\"factor\":4.0}", 32_768)]
    [InlineData("{\"type\":\"dynamic\",\"factor\":4.0}", 32_768)]
    [InlineData("{\"type\":\"dynamic\",\"factor\":4.0,\"original_max_position_embeddings\":2048}", 2048)]
    [InlineData("{\"type\":\"llama3\",\"factor\":4.0,\"low_freq_factor\":1,\"high_freq_factor\":4,\"original_max_position_embeddings\":8192}", 32_768)]
    public void A_stretched_model_reads_as_far_as_its_scaling_is_meant_for(string scaling, int expected)
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("llama", 11);
        model.Config["max_position_embeddings"] = 32_768;
        model.Config["rope_scaling"] = JsonNode.Parse(scaling);
        model.Write(folder.Path);
        Assert.Equal(expected, HuggingFaceModel.ReadShape(folder.Path).MaxPositions);
    }

    [Fact]
    public void Layers_with_a_sliding_window_limit_the_context()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("qwen2", 11);
        model.Config["layer_types"] = new JsonArray("full_attention", "sliding_attention");
        model.Write(folder.Path);
        Assert.Equal(model.Positions - 9, HuggingFaceModel.ReadShape(folder.Path).MaxPositions);
    }

    [Theory]
    [InlineData("llama", false)]
    [InlineData("mistral", true)]
    [InlineData("qwen2", true)]
    public void Key_value_heads_may_be_missing_with_llama_alone(string modelType, bool refused)
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random(modelType, 11);
        model.Config.Remove("num_key_value_heads");
        model.Write(folder.Path);
        PimSimUserException? fault = Record.Exception(() => HuggingFaceModel.ReadShape(folder.Path)) as PimSimUserException;
        Assert.Equal(refused, fault?.Message.Contains("'num_key_value_heads' is missing", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public void A_default_rope_in_the_new_spelling_is_read()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("llama", 11);
        model.Config.Remove("rope_theta");
        model.Config.Remove("rope_scaling");
        model.Config["rope_parameters"] = new JsonObject { ["rope_type"] = "default", ["rope_theta"] = 777.0 };
        model.Write(folder.Path);
        using IModelWeights weights = HuggingFaceModel.Load(folder.Path);
        Assert.Equal(777, weights.Numerics.RopeBase);
    }

    [Fact]
    public void Broken_json_is_refused_with_its_line()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder.Random("gpt2", 1).Write(folder.Path);
        File.WriteAllText(folder.File("config.json"), "{\n  \"model_type\": \"gpt2\",\n  \"n_embd\": 4,,\n}");
        Assert.StartsWith($"{folder.File("config.json")}:3:", Refused(folder), StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), "{\n  \"n_embd\": 4,\n  \"n_embd\": 5\n}");
        Assert.StartsWith($"{folder.File("config.json")}:3:3: the key 'n_embd' stands twice", Refused(folder), StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), "{\n  \"model_type\":\n \"\\ud800\"}");
        Assert.StartsWith($"{folder.File("config.json")}:3:2: this text is not Unicode", Refused(folder), StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("config.json"), [.. "{\n  \"model_type\":\""u8, 0xF4, .. "\"}"u8]);
        Assert.StartsWith($"{folder.File("config.json")}:2:17: this text is not Unicode", Refused(folder), StringComparison.Ordinal);
        File.WriteAllText(folder.File("config.json"), "[1]");
        Assert.Contains("an object is needed", Refused(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_configuration_gives_a_model_or_an_error_that_names_the_file() => Gen.Select(Gen.Int[0, TinyModelFolder.ModelTypes.Length - 1], Gen.Int[0, 1_000_000]).Sample(
        (family, seed) =>
        {
            using TemporaryFolder folder = new();
            TinyModelFolder.Random(TinyModelFolder.ModelTypes[family], seed % 7).Write(folder.Path);
            byte[] bytes = File.ReadAllBytes(folder.File("config.json"));
            Random random = new(seed);
            for (int damage = random.Next(1, 4); damage > 0; damage--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"0123456789{}[],:\"\\-"[random.Next(19)];
            }

            File.WriteAllBytes(folder.File("config.json"), bytes);
            try
            {
                HuggingFaceModel.Load(folder.Path).Dispose();
            }
            catch (PimSimUserException fault)
            {
                Assert.StartsWith(folder.Path, fault.Message, StringComparison.Ordinal);
            }
        },
        iter: 500);

    [Fact]
    public void A_misspelled_tensor_is_missing_and_left_over_each_with_the_other_as_nearest()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("llama", 11);
        Rename(model, "model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.q_prj.weight");
        model.Write(folder.Path);
        string fault = Refused(folder);
        Assert.Contains("tensor 'model.layers.0.self_attn.q_proj.weight' [", fault, StringComparison.Ordinal);
        Assert.Contains("is missing; the nearest other one is 'model.layers.0.self_attn.q_prj.weight'", fault, StringComparison.Ordinal);
        Assert.Contains("does not belong to this model, as config.json describes it; the nearest one that does is 'model.layers.0.self_attn.q_proj.weight'", fault, StringComparison.Ordinal);
        Assert.Equal(2, fault.Split(Environment.NewLine).Length);
    }

    [Fact]
    public void A_surplus_tensor_is_refused()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("opt", 11);
        model.AddMatrix("score.weight", 2, model.Hidden);
        model.Write(folder.Path);
        Assert.Contains($"tensor 'score.weight' [2, {model.Hidden}] does not belong to this model", Refused(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_another_model_are_told_in_a_few_lines()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("llama", 11);
        TinyModelFolder.Random("gpt2", 11).Write(folder.Path);
        File.WriteAllText(folder.File("config.json"), model.Config.ToJsonString());
        Assert.InRange(Refused(folder).Split(Environment.NewLine).Length, 3, 30);
    }

    [Fact]
    public void A_wrong_shape_and_a_wrong_type_are_refused()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("gpt_neox", 11);
        TinyTensor table = model.Tensors["gpt_neox.embed_in.weight"];
        model.Tensors["gpt_neox.embed_in.weight"] = table with { Dimensions = [table.Dimensions[1], table.Dimensions[0]] };
        model.Tensors["gpt_neox.final_layer_norm.bias"] = new TinyTensor("U8", [model.Hidden], new float[model.Hidden]);
        model.Write(folder.Path);
        string fault = Refused(folder);
        Assert.Contains($"tensor 'gpt_neox.embed_in.weight' is [{model.Hidden}, {model.Vocab}]; [{model.Vocab}, {model.Hidden}] is needed", fault, StringComparison.Ordinal);
        Assert.Contains("tensor 'gpt_neox.final_layer_norm.bias' is of type U8; F32, F16, BF16 are read", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Matrices_of_two_types_are_refused()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("opt", 11, DataType.Fp16);
        const string Name = "model.decoder.layers.0.self_attn.k_proj.weight";
        model.Tensors[Name] = TinyTensor.Random(new Random(1), DataType.Bf16, 1, 0, model.Hidden, model.Hidden);
        model.Write(folder.Path);
        Assert.Contains($"tensor '{Name}' is BF16, but 'model.decoder.embed_tokens.weight' is F16; all matrices of a model must have one type", Refused(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_beside_a_tied_table_must_be_the_table()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("gpt2", Enumerable.Range(0, 100).First(seed => TinyModelFolder.Random("gpt2", seed).Tied));
        TinyTensor table = model.Tensors["transformer.wte.weight"];
        model.Tensors["lm_head.weight"] = table with { Values = [.. table.Values] };
        model.Write(folder.Path);
        HuggingFaceModel.Load(folder.Path).Dispose();

        model.Tensors["lm_head.weight"].Values[^1] += 1;
        model.Write(folder.Path);
        Assert.Contains("tensor 'lm_head.weight' differs from 'transformer.wte.weight', although config.json ties", Refused(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_head_says_how_to_tie_it()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder model = TinyModelFolder.Random("gpt_neox", 11);
        model.Tensors.Remove("embed_out.weight");
        model.Write(folder.Path);
        Assert.Contains("config.json needs \"tie_word_embeddings\": true", Refused(folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../other/model.safetensors")]
    [InlineData("sub/model.safetensors")]
    [InlineData("/etc/model.safetensors")]
    [InlineData("..\\model.safetensors")]
    [InlineData("c:model.safetensors")]
    [InlineData("..safetensors")]
    [InlineData("passwd")]
    [InlineData("")]
    public void A_shard_outside_of_the_folder_is_refused(string shard)
    {
        using TemporaryFolder folder = new();
        TinyModelFolder.Random("llama", 1).Write(folder.Path, 2);
        JsonNode index = JsonNode.Parse(File.ReadAllText(folder.File("model.safetensors.index.json")))!;
        index["weight_map"]!["model.norm.weight"] = shard;
        File.WriteAllText(folder.File("model.safetensors.index.json"), index.ToJsonString());
        Assert.Contains("is not the name of a .safetensors file in this folder", Refused(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_and_shards_that_disagree_are_refused()
    {
        using TemporaryFolder folder = new();
        TinyModelFolder.Random("llama", 1).Write(folder.Path, 2);
        string path = folder.File("model.safetensors.index.json");
        JsonNode index = JsonNode.Parse(File.ReadAllText(path))!;
        JsonObject map = index["weight_map"]!.AsObject();
        string right = (string)map["model.norm.weight"]!;
        map["model.norm.weight"] = right.Contains("1-of", StringComparison.Ordinal) ? right.Replace("1-of", "2-of", StringComparison.Ordinal) : right.Replace("2-of", "1-of", StringComparison.Ordinal);
        File.WriteAllText(path, index.ToJsonString());
        string fault = Refused(folder);
        Assert.Contains("holds no such tensor", fault, StringComparison.Ordinal);
        Assert.Contains("tensor 'model.norm.weight' is not listed for this shard", fault, StringComparison.Ordinal);

        map["model.norm.weight"] = "model-00009-of-00002.safetensors";
        File.WriteAllText(path, index.ToJsonString());
        Assert.Contains("the shard model-00009-of-00002.safetensors is not in the folder", Refused(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_weights_or_configuration_says_what_is_needed()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("no config.json in it", Refused(folder), StringComparison.Ordinal);
        TinyModelFolder.Random("llama", 1).Write(folder.Path);
        File.Delete(folder.File("model.safetensors"));
        File.WriteAllText(folder.File("pytorch_model.bin"), "");
        Assert.Contains("model.safetensors or model.safetensors.index.json is needed; found pytorch_model.bin", Refused(folder), StringComparison.Ordinal);
        Assert.Contains("there is no such folder", Assert.Throws<PimSimUserException>(() => HuggingFaceModel.Load(folder.File("none"))).Message, StringComparison.Ordinal);
    }

    private static void Rename(TinyModelFolder model, string from, string to)
    {
        model.Tensors[to] = model.Tensors[from];
        model.Tensors.Remove(from);
    }

    private static string Refused(TemporaryFolder folder) => Assert.Throws<PimSimUserException>(() => HuggingFaceModel.Load(folder.Path)).Message;
}
