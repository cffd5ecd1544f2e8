using System.Text.Json;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Training.Model;

namespace PimSim.Traces.Training.Export;

/// <summary>Writes a decoder as a Hugging Face LLaMA folder: config.json and model.safetensors.</summary>
internal static class LlamaFolder
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n" };

    /// <summary>Writes both files, each of them whole or not at all.</summary>
    /// <exception cref="PimSimUserException">They cannot be written.</exception>
    public static void Write(string folder, DecoderConfiguration model, float[] parameters, IReadOnlyDictionary<string, string> metadata)
    {
        AtomicFile.Write(Path.Combine(folder, "config.json"), stream => WriteConfiguration(stream, model));
        SafetensorsFile.Write(
            Path.Combine(folder, "model.safetensors"),
            [.. new ParameterLayout(model).Tensors.Select(tensor => new ExportedTensor(
                tensor.Name,
                tensor.IsVector ? [tensor.Columns] : [tensor.Rows, tensor.Columns],
                parameters.AsMemory(tensor.Range)))],
            metadata);
    }

    private static void WriteConfiguration(Stream stream, DecoderConfiguration model)
    {
        using (Utf8JsonWriter json = new(stream, Indented))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue("LlamaForCausalLM");
            json.WriteEndArray();
            json.WriteString("model_type", "llama");
            json.WriteBoolean("attention_bias", false);
            json.WriteBoolean("mlp_bias", false);
            json.WriteString("hidden_act", "silu");
            json.WriteNumber("hidden_size", model.Hidden);
            json.WriteNumber("intermediate_size", model.Ffn);
            json.WriteNumber("num_hidden_layers", model.Layers);
            json.WriteNumber("num_attention_heads", model.Heads);
            json.WriteNumber("num_key_value_heads", model.KvHeads);
            json.WriteNumber("head_dim", model.HeadDim);
            json.WriteNumber("max_position_embeddings", model.Context);
            json.WriteNumber("rms_norm_eps", model.NormEpsilon);
            json.WriteNumber("rope_theta", model.RopeBase);
            json.WriteBoolean("tie_word_embeddings", true);
            json.WriteNumber("bos_token_id", DecoderConfiguration.BeginToken);
            json.WriteNumber("eos_token_id", DecoderConfiguration.EndToken);
            json.WriteNumber("vocab_size", model.Vocabulary);
            json.WriteString("torch_dtype", "bfloat16");
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }
}
