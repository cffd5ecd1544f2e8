using CsCheck;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Models;

public class ModelShapeTests
{
    [Fact]
    public void The_footprint_has_the_parameters_that_a_walk_over_all_layers_counts() => RandomShape.Any.Sample(shape =>
    {
        long count = (long)shape.Vocab * shape.Hidden * (shape.Tied ? 1 : 2);
        count += shape.Position == PositionKind.Learned ? (long)shape.MaxPositions * shape.Hidden : 0;
        int vectors = shape.Norm == NormKind.LayerNorm ? 2 : 1;
        count += vectors * shape.Hidden;
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            count += 2 * vectors * shape.Hidden;
            foreach (int width in new[] { shape.Heads * shape.HeadDim, shape.KvHeads * shape.HeadDim, shape.KvHeads * shape.HeadDim })
            {
                count += (shape.Hidden * width) + (shape.Biases == BiasKind.None ? 0 : width);
            }

            count += (shape.Heads * shape.HeadDim * shape.Hidden) + (shape.Biases == BiasKind.All ? shape.Hidden : 0);
            count += shape.QueryKeyNorm ? 2 * shape.HeadDim : 0;
            count += shape.Experts * shape.Hidden;
            int experts = Math.Max(1, shape.Experts);
            int ups = shape.Activation is ActivationKind.SwiGlu or ActivationKind.GeGlu ? 2 : 1;
            count += experts * ups * ((shape.Hidden * shape.Ffn) + (shape.Biases == BiasKind.All ? shape.Ffn : 0));
            count += experts * ((shape.Ffn * shape.Hidden) + (shape.Biases == BiasKind.All ? shape.Hidden : 0));
        }

        Assert.Equal(count, shape.Footprint(1, 1).Parameters);
    });

    [Fact]
    public void The_reserved_cache_grows_with_context_and_sequences() =>
        Gen.Select(RandomShape.Any, Gen.Int[1, 64], Gen.Int[1, 9]).Sample((shape, context, sequences) =>
        {
            ModelFootprint footprint = shape.Footprint(context, sequences);
            long elements = 0;
            for (int layer = 0; layer < shape.Layers; layer++)
            {
                elements += 2L * context * sequences * shape.KvHeads * shape.HeadDim;
            }

            Assert.Equal(shape.KvType.Bytes(elements), footprint.KvBytes);
        });

    [Fact]
    public void A_role_without_a_matrix_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RandomShape.Small.Matrix(OperatorRole.Residual));
}
