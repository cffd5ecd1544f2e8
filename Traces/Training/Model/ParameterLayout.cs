namespace PimSim.Traces.Training.Model;

/// <summary>A tensor among the parameters.</summary>
/// <param name="Name">Its name in a Hugging Face LLaMA file.</param>
/// <param name="Rows">Outputs; 1 for a vector.</param>
/// <param name="Columns">Inputs, or the length of a vector.</param>
/// <param name="Offset">Its first element in the array of all parameters.</param>
/// <param name="IsVector">Has one dimension only, and does not decay.</param>
internal readonly record struct ParameterTensor(string Name, int Rows, int Columns, int Offset, bool IsVector)
{
    /// <summary>Number of elements.</summary>
    public int Length => Rows * Columns;

    /// <summary>Where it lies in the array of all parameters.</summary>
    public Range Range => Offset..(Offset + Length);
}

/// <summary>Where each tensor of a decoder lies in one array; gradients and moments have the same order.</summary>
internal sealed class ParameterLayout
{
    private readonly List<ParameterTensor> _tensors = [];
    private readonly Layer[] _layers;
    private readonly ParameterTensor _embedding;
    private readonly ParameterTensor _finalNorm;

    public ParameterLayout(DecoderConfiguration model)
    {
        _embedding = Add("model.embed_tokens.weight", model.Vocabulary, model.Hidden);
        _layers = new Layer[model.Layers];
        for (int layer = 0; layer < model.Layers; layer++)
        {
            string prefix = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"model.layers.{layer}.");
            ParameterTensor inputNorm = AddVector(prefix + "input_layernorm.weight", model.Hidden);

            // Queries, keys and values follow each other, as do gate and up: each group is one product.
            ParameterTensor query = Add(prefix + "self_attn.q_proj.weight", model.QueryWidth, model.Hidden);
            Add(prefix + "self_attn.k_proj.weight", model.KvWidth, model.Hidden);
            Add(prefix + "self_attn.v_proj.weight", model.KvWidth, model.Hidden);
            ParameterTensor output = Add(prefix + "self_attn.o_proj.weight", model.Hidden, model.QueryWidth);
            ParameterTensor ffnNorm = AddVector(prefix + "post_attention_layernorm.weight", model.Hidden);
            ParameterTensor gate = Add(prefix + "mlp.gate_proj.weight", model.Ffn, model.Hidden);
            Add(prefix + "mlp.up_proj.weight", model.Ffn, model.Hidden);
            ParameterTensor down = Add(prefix + "mlp.down_proj.weight", model.Hidden, model.Ffn);
            _layers[layer] = new Layer(
                inputNorm.Range,
                new Range(query.Offset, query.Offset + (model.QkvWidth * model.Hidden)),
                output.Range,
                ffnNorm.Range,
                new Range(gate.Offset, gate.Offset + (2 * gate.Length)),
                down.Range);
        }

        _finalNorm = AddVector("model.norm.weight", model.Hidden);
    }

    /// <summary>Where the tensors of a block lie.</summary>
    internal readonly record struct Layer(Range InputNorm, Range Qkv, Range Output, Range FfnNorm, Range GateUp, Range Down);

    /// <summary>Number of all parameters.</summary>
    public int Length { get; private set; }

    /// <summary>All tensors in the order of the array.</summary>
    public IReadOnlyList<ParameterTensor> Tensors => _tensors;

    /// <summary>The embedding table, which is the output head too.</summary>
    public Range Embedding => _embedding.Range;

    /// <summary>The last normalisation.</summary>
    public Range FinalNorm => _finalNorm.Range;

    /// <summary>A block.</summary>
    public Layer this[int layer] => _layers[layer];

    private ParameterTensor Add(string name, int rows, int columns) => Add(new ParameterTensor(name, rows, columns, Length, false));

    private ParameterTensor AddVector(string name, int length) => Add(new ParameterTensor(name, 1, length, Length, true));

    private ParameterTensor Add(ParameterTensor tensor)
    {
        _tensors.Add(tensor);
        Length += tensor.Length;
        return tensor;
    }
}
