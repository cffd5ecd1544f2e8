using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>Brings the tensors of T5's files into the layout that backends expect. All of them stay where they are.</summary>
internal sealed class T5Layout(EncoderDecoderShape shape, SafetensorsFolder files)
{
    // A folder of another model lacks every tensor; its first ones say enough.
    private const int MaxProblems = 12;

    private readonly string _embedding = T5Family.TokenEmbeddings.FirstOrDefault(files.Tensors.ContainsKey) ?? T5Family.TokenEmbeddings[0];

    /// <summary>Holds all tensors to what the model needs: names, shapes, types, none missing and none left over.</summary>
    /// <exception cref="PimSimUserException">They do not fit.</exception>
    public void Check()
    {
        TensorCheck check = new(files);
        check.Matrix(_embedding, shape.Vocab, shape.Hidden);
        foreach (string copy in T5Family.TokenEmbeddings.Where(name => name != _embedding && files.Tensors.ContainsKey(name)))
        {
            check.Copy(copy, _embedding, "both stacks of T5 share one table");
        }

        foreach (ModelStack stack in Enum.GetValues<ModelStack>())
        {
            check.Matrix(T5Family.Positions(stack), shape.Buckets.Count, shape.Heads);
            check.Vector(T5Family.Norm(stack, OperatorRole.FinalNorm, 0), shape.Hidden);
            for (int layer = 0; layer < shape.Layers(stack) && check.Problems < MaxProblems; layer++)
            {
                CheckLayer(check, stack, layer);
            }
        }

        if (!shape.Tied)
        {
            check.Matrix(T5Family.Head, shape.Vocab, shape.Hidden, "; if the embedding table is the head, config.json needs \"tie_word_embeddings\": true");
        }
        else if (files.Tensors.ContainsKey(T5Family.Head))
        {
            check.Copy(T5Family.Head, _embedding, "config.json ties the head to the embedding table (tie_word_embeddings)");
        }

        check.Finish(T5Family.IsBuffer, MaxProblems);
    }

    /// <summary>The weights; <see cref="Check"/> has passed. They own the files.</summary>
    public IEncoderDecoderWeights Assemble(EncoderDecoderNumerics numerics)
    {
        WeightTensor embedding = Whole(_embedding);
        EncoderDecoderShape stored = shape with { WeightType = embedding.Type, ActivationType = DataType.Fp32, KvType = DataType.Fp32 };
        return new AssembledEncoderDecoderWeights(
            stored,
            numerics,
            embedding,
            stack => Whole(T5Family.Positions(stack)),
            Linear,
            (stack, role, layer) => new NormWeights(TensorCopy.Vector(files.Tensors[T5Family.Norm(stack, role, layer)])),
            files);
    }

    private void CheckLayer(TensorCheck check, ModelStack stack, int layer)
    {
        foreach (OperatorRole role in EncoderDecoderShape.LayerMatrices(stack))
        {
            // The parts of a matrix are equally high: queries, keys, values; gate and up.
            WeightMatrix matrix = shape.Matrix(stack, role);
            IReadOnlyList<string> names = T5Family.Matrix(stack, role, layer, shape.Gated);
            foreach (string name in names)
            {
                check.Matrix(name, matrix.Outputs / names.Count, matrix.Inputs);
            }
        }

        foreach (OperatorRole role in EncoderDecoderShape.LayerNorms(stack))
        {
            check.Vector(T5Family.Norm(stack, role, layer), shape.Hidden);
        }
    }

    private LinearWeights Linear(ModelStack stack, OperatorRole role, int layer)
    {
        if (role == OperatorRole.LmHead)
        {
            return new LinearWeights(Whole(T5Family.Head));
        }

        WeightMatrix matrix = shape.Matrix(stack, role);
        SafetensorsTensor[] parts = [.. T5Family.Matrix(stack, role, layer, shape.Gated).Select(name => files.Tensors[name])];
        WeightSegment[] segments = [.. parts.Select(part => new WeightSegment(part.File.Memory, part.Offset, (int)part.Dimensions[0]))];
        return new LinearWeights(new WeightTensor(parts[0].Type!.Value, matrix.Outputs, matrix.Inputs, segments));
    }

    private WeightTensor Whole(string name) => TensorLayout.Whole(files.Tensors[name], 0);
}
