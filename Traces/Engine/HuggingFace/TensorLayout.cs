using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>Brings the tensors of a family's files into the layout that backends expect.</summary>
internal sealed class TensorLayout
{
    // A folder of another model lacks every tensor; its first ones say enough.
    private const int MaxProblems = 12;

    private static readonly OperatorRole[] LayerMatrices = [OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown];
    private static readonly OperatorRole[] LayerNorms = [OperatorRole.AttentionNorm, OperatorRole.FfnNorm];
    private static readonly OperatorRole[] HeadNorms = [OperatorRole.QueryNorm, OperatorRole.KeyNorm];

    private readonly ModelFamily _family;
    private readonly ModelShape _shape;
    private readonly SafetensorsFolder _files;
    private readonly string _prefix;

    /// <summary>The tensors of a folder, seen as those of a model.</summary>
    public TensorLayout(ModelFamily family, ModelShape shape, SafetensorsFolder files)
    {
        (_family, _shape, _files) = (family, shape, files);
        _prefix = family.Prefixes.FirstOrDefault(prefix => files.Tensors.ContainsKey(prefix + family.TokenEmbedding)) ?? family.Prefixes[0];
    }

    /// <summary>Holds all tensors to what the model needs: names, shapes, types, none missing and none left over.</summary>
    /// <exception cref="PimSimUserException">They do not fit.</exception>
    public void Check()
    {
        TensorCheck check = new(_files);
        check.Matrix(_prefix + _family.TokenEmbedding, _shape.Vocab, _shape.Hidden);
        if (_family.PositionEmbedding is string positions)
        {
            check.Matrix(_prefix + positions, _shape.MaxPositions + _family.PositionOffset, _shape.Hidden);
        }

        for (int layer = 0; layer < _shape.Layers && check.Problems < MaxProblems; layer++)
        {
            foreach (OperatorRole role in LayerMatrices)
            {
                CheckMatrix(check, role, layer);
            }

            foreach (OperatorRole role in LayerNorms)
            {
                CheckNorm(check, role, layer);
            }

            foreach (OperatorRole role in _shape.QueryKeyNorm ? HeadNorms : [])
            {
                check.Vector($"{_prefix}{_family.Norm(role, layer)}.weight", _shape.HeadDim);
            }
        }

        CheckNorm(check, OperatorRole.FinalNorm, 0);
        CheckHead(check);
        check.Finish(_family.IsBuffer, MaxProblems);
    }

    /// <summary>The weights; <see cref="Check"/> has passed. They own the files.</summary>
    public IModelWeights Assemble(ModelNumerics numerics)
    {
        WeightTensor embedding = Whole(_files.Tensors[_prefix + _family.TokenEmbedding], 0);
        WeightTensor? positions = _family.PositionEmbedding is string name ? Whole(_files.Tensors[_prefix + name], _family.PositionOffset) : null;
        ModelShape shape = _shape with { WeightType = embedding.Type, ActivationType = DataType.Fp32, KvType = DataType.Fp32 };
        return new AssembledWeights(shape, numerics, embedding, positions, Linear, Norm, _files);
    }

    private void CheckMatrix(TensorCheck check, OperatorRole role, int layer)
    {
        WeightMatrix matrix = _shape.Matrix(role);
        MatrixSource source = _family.Matrix(role, layer);
        for (int part = 0; part < source.Stems.Length; part++)
        {
            string stem = _prefix + source.Stems[part];
            int rows = PartRows(role, part, source.Stems.Length);
            if (source.Layout == MatrixLayout.Transposed)
            {
                check.Matrix($"{stem}.weight", matrix.Inputs, rows);
            }
            else
            {
                check.Matrix($"{stem}.weight", rows, matrix.Inputs);
            }

            if (matrix.Bias)
            {
                check.Vector($"{stem}.bias", rows);
            }
        }
    }

    private void CheckNorm(TensorCheck check, OperatorRole role, int layer)
    {
        string stem = _prefix + _family.Norm(role, layer);
        check.Vector($"{stem}.weight", _shape.Hidden);
        if (_shape.Norm == NormKind.LayerNorm)
        {
            check.Vector($"{stem}.bias", _shape.Hidden);
        }
    }

    private void CheckHead(TensorCheck check)
    {
        if (!_shape.Tied)
        {
            check.Matrix(_family.Head, _shape.Vocab, _shape.Hidden, "; if the embedding table is the head, config.json needs \"tie_word_embeddings\": true");
        }
        else if (_files.Tensors.ContainsKey(_family.Head))
        {
            check.Copy(_family.Head, _prefix + _family.TokenEmbedding, "config.json ties the head to the embedding table (tie_word_embeddings)");
        }
    }

    private LinearWeights Linear(OperatorRole role, int layer)
    {
        if (role == OperatorRole.LmHead)
        {
            return new LinearWeights(Whole(_files.Tensors[_family.Head], 0));
        }

        WeightMatrix matrix = _shape.Matrix(role);
        MatrixSource source = _family.Matrix(role, layer);
        SafetensorsTensor[] parts = [.. source.Stems.Select(stem => _files.Tensors[$"{_prefix}{stem}.weight"])];
        float[] bias = matrix.Bias ? [.. source.Stems.SelectMany(stem => TensorCopy.Vector(_files.Tensors[$"{_prefix}{stem}.bias"]))] : [];
        DataType type = parts[0].Type!.Value;
        WeightTensor Tensor(IReadOnlyList<WeightSegment> segments) => new(type, matrix.Outputs, matrix.Inputs, segments);
        switch (source.Layout)
        {
            case MatrixLayout.Rows:
                return new LinearWeights(Tensor([.. parts.Select(part => new WeightSegment(part.File.Memory, part.Offset, (int)part.Dimensions[0]))]), bias);
            case MatrixLayout.Transposed:
                return new LinearWeights(Tensor([new WeightSegment(TensorCopy.Transpose(parts[0]), 0, matrix.Outputs)]), bias);
            default:
                return new LinearWeights(Tensor(ByKind(parts[0], type.Bytes(matrix.Inputs))), ByKind(bias));
        }
    }

    private NormWeights Norm(OperatorRole role, int layer)
    {
        string stem = _prefix + _family.Norm(role, layer);
        float[] scale = TensorCopy.Vector(_files.Tensors[$"{stem}.weight"]);
        return _shape.Norm == NormKind.LayerNorm && !HeadNorms.Contains(role) ? new NormWeights(scale, TensorCopy.Vector(_files.Tensors[$"{stem}.bias"])) : new NormWeights(scale);
    }

    /// <summary>Rows of one of several tensors that make up a matrix: queries, keys, values; gate and up.</summary>
    private int PartRows(OperatorRole role, int part, int parts) => (role, parts) switch
    {
        (OperatorRole.QkvProjection, 3) => part == 0 ? _shape.QueryWidth : _shape.KvWidth,
        (OperatorRole.FfnUp, 2) => _shape.Ffn,
        _ => _shape.Matrix(role).Outputs,
    };

    /// <summary>All queries, then all keys, then all values of a matrix that holds them head by head. The rows stay in the file.</summary>
    private WeightSegment[] ByKind(SafetensorsTensor tensor, long rowBytes)
    {
        WeightSegment[] segments = new WeightSegment[3 * _shape.Heads];
        for (int index = 0; index < segments.Length; index++)
        {
            segments[index] = new WeightSegment(tensor.File.Memory, tensor.Offset + (HeadByHeadRow(index) * rowBytes), _shape.HeadDim);
        }

        return segments;
    }

    private float[] ByKind(float[] bias)
    {
        float[] result = new float[bias.Length];
        for (int index = 0; index < 3 * _shape.Heads; index++)
        {
            Array.Copy(bias, HeadByHeadRow(index), result, (long)index * _shape.HeadDim, _shape.HeadDim);
        }

        return result;
    }

    /// <summary>First row, in the file, of piece <paramref name="index"/>: query heads first, then key heads, then value heads.</summary>
    private long HeadByHeadRow(int index)
    {
        (int kind, int head) = Math.DivRem(index, _shape.Heads);
        return ((3L * head) + kind) * _shape.HeadDim;
    }

    internal static WeightTensor Whole(SafetensorsTensor tensor, int firstRow)
    {
        int rows = (int)tensor.Dimensions[0] - firstRow;
        int columns = (int)tensor.Dimensions[1];
        DataType type = tensor.Type!.Value;
        return new WeightTensor(type, rows, columns, [new WeightSegment(tensor.File.Memory, tensor.Offset + (firstRow * type.Bytes(columns)), rows)]);
    }
}
