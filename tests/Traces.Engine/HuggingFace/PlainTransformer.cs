using PimSim.Traces.Engine.Tests.Reference;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

/// <summary>
/// The forward pass of a family in double precision, straight from the tensors as the files name and order them and the keys of config.json.
/// It knows nothing of the layout that the engine brings them into.
/// </summary>
internal sealed class PlainTransformer
{
    private readonly TinyModelFolder _model;
    private readonly string _type;
    private readonly string _body;

    public PlainTransformer(TinyModelFolder model)
    {
        _model = model;
        _type = (string)model.Config["model_type"]!;
        _body = _type switch { "gpt2" => "transformer.", "opt" => "model.decoder.", "gpt_neox" => "gpt_neox.", _ => "model." };
    }

    private bool IsLlama => _type is "llama" or "mistral" or "qwen2" or "qwen3";

    /// <summary>The logits after the last token.</summary>
    public double[] Logits(int[] tokens)
    {
        double[][] x = [.. tokens.Select(Embed)];
        for (int layer = 0; layer < _model.Layers; layer++)
        {
            x = Block(x, layer);
        }

        string table = _type switch { "gpt2" => "wte", "gpt_neox" => "embed_in", _ => "embed_tokens" };
        string head = _model.Tied ? $"{_body}{table}.weight" : _type == "gpt_neox" ? "embed_out.weight" : "lm_head.weight";
        double[] last = Norm(x[^1], _type switch { "gpt2" => "ln_f", "opt" or "gpt_neox" => "final_layer_norm", _ => "norm" });
        return Rows(head, last);
    }

    private double[] Embed(int token, int position) => _type switch
    {
        "gpt2" => Sum(Row("transformer.wte.weight", token), Row("transformer.wpe.weight", position)),
        "opt" => Sum(Row("model.decoder.embed_tokens.weight", token), Row("model.decoder.embed_positions.weight", position + 2)),
        "gpt_neox" => Row("gpt_neox.embed_in.weight", token),
        _ => Row("model.embed_tokens.weight", token),
    };

    private double[][] Block(double[][] x, int layer)
    {
        string at = _type == "gpt2" ? $"h.{layer}." : $"layers.{layer}.";
        (string before, string between) = _type switch
        {
            "gpt2" => ("ln_1", "ln_2"),
            "opt" => ("self_attn_layer_norm", "final_layer_norm"),
            _ => ("input_layernorm", "post_attention_layernorm"),
        };
        double[][] attended = Attention([.. x.Select(token => Norm(token, at + before))], at);
        if (_type == "gpt_neox" && (bool)_model.Config["use_parallel_residual"]!)
        {
            return [.. x.Select((token, index) => Sum(Sum(token, attended[index]), FeedForward(Norm(token, at + between), at)))];
        }

        double[][] middle = [.. x.Select((token, index) => Sum(token, attended[index]))];
        return [.. middle.Select(token => Sum(token, FeedForward(Norm(token, at + between), at)))];
    }

    private double[][] Attention(double[][] x, string at)
    {
        (double[][] Q, double[][] K, double[][] V)[] heads = [.. x.Select((token, position) => Heads(token, at, position))];
        double[][] result = new double[x.Length][];
        for (int position = 0; position < x.Length; position++)
        {
            List<double> joined = [];
            for (int head = 0; head < _model.Heads; head++)
            {
                int shared = head / (_model.Heads / _model.KvHeads);
                double[] weights = [.. Enumerable.Range(0, position + 1).Select(other => Math.Exp(Dot(heads[position].Q[head], heads[other].K[shared]) / Math.Sqrt(_model.HeadDim)))];
                joined.AddRange(Enumerable.Range(0, _model.HeadDim).Select(channel => weights.Select((weight, other) => weight * heads[other].V[shared][channel]).Sum() / weights.Sum()));
            }

            result[position] = Linear(at + _type switch { "gpt2" => "attn.c_proj", "opt" => "self_attn.out_proj", "gpt_neox" => "attention.dense", _ => "self_attn.o_proj" }, [.. joined]);
        }

        return result;
    }

    private (double[][] Q, double[][] K, double[][] V) Heads(double[] x, string at, int position)
    {
        int width = _model.HeadDim;
        if (_type == "gpt_neox")
        {
            // Head by head: query, key, value.
            double[][] parts = [.. Linear(at + "attention.query_key_value", x).Chunk(width)];
            int rotated = (int)(width * (double)_model.Config["rotary_pct"]!);
            ReferenceRope rope = PlainRope.Of(_model.Config, 10_000, rotated);
            double[][] Of(int kind, bool rotate) => [.. Enumerable.Range(0, _model.Heads).Select(head => rotate ? Rotate(parts[(3 * head) + kind], position, rotated, rope) : parts[(3 * head) + kind])];
            return (Of(0, true), Of(1, true), Of(2, false));
        }

        if (_type == "gpt2")
        {
            double[][] thirds = [.. Linear(at + "attn.c_attn", x).Chunk(_model.Hidden)];
            return ([.. thirds[0].Chunk(width)], [.. thirds[1].Chunk(width)], [.. thirds[2].Chunk(width)]);
        }

        ReferenceRope whole = PlainRope.Of(_model.Config, 5000, width);
        double[][] Project(string name) => [.. Linear($"{at}self_attn.{name}", x).Chunk(width).Select(head => IsLlama && name != "v_proj" ? Rotate(Normed(head, name), position, width, whole) : head)];
        double[] Normed(double[] head, string name) => _type == "qwen3" ? Norm(head, $"{at}self_attn.{name[0]}_norm") : head;
        return (Project("q_proj"), Project("k_proj"), Project("v_proj"));
    }

    private double[] FeedForward(double[] x, string at) => _type switch
    {
        "gpt2" => Linear(at + "mlp.c_proj", [.. Linear(at + "mlp.c_fc", x).Select(ReferenceFunctions.GeluByTanh)]),
        "opt" => Linear(at + "fc2", [.. Linear(at + "fc1", x).Select(value => Math.Max(0, value))]),
        "gpt_neox" => Linear(at + "mlp.dense_4h_to_h", [.. Linear(at + "mlp.dense_h_to_4h", x).Select(ReferenceFunctions.GeluByErf)]),
        _ => Linear(at + "mlp.down_proj", [.. Linear(at + "mlp.gate_proj", x).Zip(Linear(at + "mlp.up_proj", x), (gate, up) => gate / (1 + Math.Exp(-gate)) * up)]),
    };

    /// <summary>x cos + rotate_half(x) sin over the first channels, rotate_half being (-second half, first half).</summary>
    private static double[] Rotate(double[] head, int position, int rotated, ReferenceRope rope)
    {
        double[] result = [.. head];
        for (int channel = 0; channel < rotated; channel++)
        {
            int half = rotated / 2;
            (double sin, double cos) = Math.SinCos(position * rope.Frequencies[channel % half]);
            result[channel] = rope.Amplitude * ((head[channel] * cos) + ((channel < half ? -head[channel + half] : head[channel - half]) * sin));
        }

        return result;
    }

    private double[] Norm(double[] x, string stem)
    {
        float[] scale = _model.Tensors[$"{_body}{stem}.weight"].Values;
        double mean = IsLlama ? 0 : x.Average();
        double factor = 1 / Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + (_type == "gpt2" ? 1e-4 : 1e-5));
        float[]? shift = _model.Tensors.TryGetValue($"{_body}{stem}.bias", out TinyTensor? bias) ? bias.Values : null;
        return [.. x.Select((value, index) => ((value - mean) * factor * scale[index]) + (shift?[index] ?? 0))];
    }

    private double[] Linear(string stem, double[] x)
    {
        double[] product = _type == "gpt2" ? Columns($"{_body}{stem}.weight", x) : Rows($"{_body}{stem}.weight", x);
        return _model.Tensors.TryGetValue($"{_body}{stem}.bias", out TinyTensor? bias) ? Sum(product, [.. bias.Values.Select(value => (double)value)]) : product;
    }

    private double[] Rows(string name, double[] x)
    {
        TinyTensor matrix = _model.Tensors[name];
        return [.. Enumerable.Range(0, matrix.Dimensions[0]).Select(row => x.Select((value, column) => value * matrix[row, column]).Sum())];
    }

    private double[] Columns(string name, double[] x)
    {
        TinyTensor matrix = _model.Tensors[name];
        return [.. Enumerable.Range(0, matrix.Dimensions[1]).Select(column => x.Select((value, row) => value * matrix[row, column]).Sum())];
    }

    private double[] Row(string name, int row) => [.. Enumerable.Range(0, _model.Hidden).Select(column => (double)_model.Tensors[name][row, column])];

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (left, right) => left + right)];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (left, right) => left * right).Sum();
}
