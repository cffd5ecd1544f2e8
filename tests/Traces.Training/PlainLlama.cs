using System.Buffers.Binary;
using System.Text.Json;

namespace PimSim.Traces.Training.Tests;

/// <summary>
/// A LLaMA as its definition reads, in double precision, from a Hugging Face folder. Shares nothing with the trainer: scalars, loops,
/// one token after the other with a list of past keys and values.
/// </summary>
internal sealed class PlainLlama
{
    private readonly Dictionary<string, double[]> _tensors = new(StringComparer.Ordinal);
    private readonly JsonElement _config;
    private readonly List<double[]>[] _keys;
    private readonly List<double[]>[] _values;

    public PlainLlama(string folder)
    {
        _config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json"))).RootElement;
        _tensors = ReadSafetensors(Path.Combine(folder, "model.safetensors"));
        _keys = [.. Enumerable.Range(0, Number("num_hidden_layers")).Select(_ => new List<double[]>())];
        _values = [.. Enumerable.Range(0, Number("num_hidden_layers")).Select(_ => new List<double[]>())];
    }

    /// <summary>The state after the last normalisation, of the last token.</summary>
    public double[] FinalState { get; private set; } = [];

    /// <summary>All tensors of a bfloat16 file.</summary>
    public static Dictionary<string, double[]> ReadSafetensors(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        Assert(headerLength % 8 == 0);
        Dictionary<string, double[]> tensors = new(StringComparer.Ordinal);
        int covered = 0;
        foreach (JsonProperty entry in JsonDocument.Parse(file.AsMemory(8, headerLength)).RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                continue;
            }

            Assert(entry.Value.GetProperty("dtype").GetString() == "BF16");
            int[] offsets = [.. entry.Value.GetProperty("data_offsets").EnumerateArray().Select(value => value.GetInt32())];
            int elements = entry.Value.GetProperty("shape").EnumerateArray().Aggregate(1, (product, value) => product * value.GetInt32());
            Assert(offsets[0] == covered && offsets[1] - offsets[0] == 2 * elements);
            covered = offsets[1];
            tensors[entry.Name] = [.. Enumerable.Range(0, elements).Select(i =>
                (double)BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8 + headerLength + offsets[0] + (2 * i))) << 16))];
        }

        Assert(8 + headerLength + covered == file.Length);
        return tensors;
    }

    /// <summary>Appends a token and returns the logits of the next.</summary>
    public double[] Next(int token)
    {
        int hidden = Number("hidden_size");
        double[] embedding = _tensors["model.embed_tokens.weight"];
        double[] x = embedding[(token * hidden)..((token + 1) * hidden)];
        for (int layer = 0; layer < _keys.Length; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            double[] h = Norm(x, prefix + "input_layernorm.weight");
            double[] attended = Attend(
                layer,
                Product(prefix + "self_attn.q_proj.weight", h),
                Product(prefix + "self_attn.k_proj.weight", h),
                Product(prefix + "self_attn.v_proj.weight", h));
            x = Sum(x, Product(prefix + "self_attn.o_proj.weight", attended));
            h = Norm(x, prefix + "post_attention_layernorm.weight");
            double[] gate = Product(prefix + "mlp.gate_proj.weight", h);
            double[] up = Product(prefix + "mlp.up_proj.weight", h);
            x = Sum(x, Product(prefix + "mlp.down_proj.weight", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]));
        }

        FinalState = Norm(x, "model.norm.weight");
        return Product("model.embed_tokens.weight", FinalState);
    }

    private static void Assert(bool condition) => Xunit.Assert.True(condition);

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private double[] Attend(int layer, double[] q, double[] k, double[] v)
    {
        int width = Number("head_dim");
        int heads = Number("num_attention_heads");
        int shared = heads / Number("num_key_value_heads");
        int position = _keys[layer].Count;
        Rotate(q, width, position);
        Rotate(k, width, position);
        _keys[layer].Add(k);
        _values[layer].Add(v);
        double[] output = new double[heads * width];
        for (int head = 0; head < heads; head++)
        {
            int kv = head / shared * width;
            double[] weights = [.. _keys[layer].Select(key => Math.Exp(Enumerable.Range(0, width).Sum(i => q[(head * width) + i] * key[kv + i]) / Math.Sqrt(width)))];
            double total = weights.Sum();
            for (int i = 0; i < width; i++)
            {
                output[(head * width) + i] = _values[layer].Zip(weights, (value, weight) => value[kv + i] * weight / total).Sum();
            }
        }

        return output;
    }

    private void Rotate(double[] heads, int width, int position)
    {
        double ropeBase = _config.GetProperty("rope_theta").GetDouble();
        for (int head = 0; head < heads.Length; head += width)
        {
            for (int i = 0; i < width / 2; i++)
            {
                double angle = position / Math.Pow(ropeBase, 2.0 * i / width);
                (double a, double b) = (heads[head + i], heads[head + i + (width / 2)]);
                heads[head + i] = (a * Math.Cos(angle)) - (b * Math.Sin(angle));
                heads[head + i + (width / 2)] = (b * Math.Cos(angle)) + (a * Math.Sin(angle));
            }
        }
    }

    private double[] Norm(double[] x, string name)
    {
        double factor = 1 / Math.Sqrt(x.Average(value => value * value) + _config.GetProperty("rms_norm_eps").GetDouble());
        return [.. x.Zip(_tensors[name], (value, weight) => value * factor * weight)];
    }

    private double[] Product(string name, double[] x)
    {
        double[] matrix = _tensors[name];
        double[] y = new double[matrix.Length / x.Length];
        for (int i = 0; i < y.Length; i++)
        {
            for (int j = 0; j < x.Length; j++)
            {
                y[i] += matrix[(i * x.Length) + j] * x[j];
            }
        }

        return y;
    }

    private int Number(string name) => _config.GetProperty(name).GetInt32();
}
