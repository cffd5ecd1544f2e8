using CsCheck;
using PimSim.Traces.Engine.HuggingFace;
using PimSim.Traces.Engine.Tests.HuggingFace;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Weights;

public class RetypedWeightsTests
{
    private static readonly OperatorRole[] LayerMatrices = [OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown];

    [Fact]
    public void Only_matrices_are_quantised_and_the_rest_is_served_as_it_is() => Check((original, model) =>
    {
        using IModelWeights quantised = RetypedWeights.Quantised(original, DataType.Int4, 128);
        Assert.Equal((DataType.Int4, false), (quantised.Shape.WeightType, quantised.Shape.Tied));
        Assert.Same(original.TokenEmbedding, quantised.TokenEmbedding);
        Assert.Same(original.PositionEmbedding, quantised.PositionEmbedding);
        Assert.Equal(original.Numerics, quantised.Numerics);
        foreach ((OperatorRole role, int layer) in Matrices(model))
        {
            WeightTensor before = original.Matrix(role, layer);
            WeightTensor after = quantised.Matrix(role, layer);
            Assert.Equal((DataType.Int4, WeightConversion.GroupSizeFor(before.Columns, 128)), (after.Type, after.GroupSize));
            Assert.Equal(StoredMatrix.Read(WeightConversion.Quantise(before, DataType.Int4, after.GroupSize)), StoredMatrix.Read(after));
            Assert.Equal(original.Bias(role, layer).ToArray(), quantised.Bias(role, layer).ToArray());
        }

        Assert.Equal(original.NormScale(OperatorRole.FinalNorm, 0).ToArray(), quantised.NormScale(OperatorRole.FinalNorm, 0).ToArray());
        Assert.Equal(original.NormShift(OperatorRole.FfnNorm, 0).ToArray(), quantised.NormShift(OperatorRole.FfnNorm, 0).ToArray());
    });

    [Fact]
    public void Another_float_type_is_that_of_all_matrices_and_tables() => Check((original, model) =>
    {
        using IModelWeights converted = RetypedWeights.ToFloat(original, DataType.Fp16);
        Assert.Equal((DataType.Fp16, original.Shape.Tied), (converted.Shape.WeightType, converted.Shape.Tied));
        Assert.Equal(DataType.Fp16, converted.TokenEmbedding.Type);
        Assert.Equal(original.PositionEmbedding is null ? null : DataType.Fp16, converted.PositionEmbedding?.Type);
        Assert.Equal(model.Tied, ReferenceEquals(converted.TokenEmbedding, converted.Matrix(OperatorRole.LmHead, 0)));
        foreach ((OperatorRole role, int layer) in Matrices(model))
        {
            Assert.Equal(StoredMatrix.Read(WeightConversion.ToFloat(original.Matrix(role, layer), DataType.Fp16)), StoredMatrix.Read(converted.Matrix(role, layer)));
        }
    });

    private static IEnumerable<(OperatorRole Role, int Layer)> Matrices(TinyModelFolder model) =>
        Enumerable.Range(0, model.Layers).SelectMany(layer => LayerMatrices.Select(role => (role, layer))).Append((OperatorRole.LmHead, 0));

    private static void Check(Action<IModelWeights, TinyModelFolder> check) => Gen.Select(Gen.Int[0, TinyModelFolder.ModelTypes.Length - 1], Gen.Int[0, 1_000_000]).Sample(
        (family, seed) =>
        {
            using TemporaryFolder folder = new();
            TinyModelFolder model = TinyModelFolder.Random(TinyModelFolder.ModelTypes[family], seed);

            model.Write(folder.Path);
            using IModelWeights weights = HuggingFaceModel.Load(folder.Path);
            check(weights, model);
        },
        iter: 60);
}
