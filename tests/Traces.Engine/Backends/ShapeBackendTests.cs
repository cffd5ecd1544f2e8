using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends;

public class ShapeBackendTests
{
    private static readonly ModelShape Model = RandomShape.Small;
    private readonly ShapeBackend _backend = new(Model);
    private readonly KvCache _cache;

    public ShapeBackendTests()
    {
        _cache = _backend.CreateCache(2, 10);
        _cache.Extend(3);
    }

    [Fact]
    public void Shapes_follow_the_model()
    {
        Assert.Equal(New(6, 8), _backend.Embed(new int[6]));
        Assert.Equal(New(6, 8), _backend.EmbedPositions(6, _cache));
        Assert.Equal(New(6, 8), _backend.Norm(New(6, 8), OperatorRole.FfnNorm, 2));
        Assert.Equal(New(6, 16), _backend.Linear(New(6, 8), OperatorRole.QkvProjection, 2));
        Assert.Equal(New(6, 16), _backend.Rope(New(6, 16), _cache));
        Assert.Equal(New(6, 8), _backend.Attention(New(6, 16), _cache, 0));
        Assert.Equal(New(6, 32), _backend.Linear(New(6, 8), OperatorRole.FfnUp, 0));
        Assert.Equal(New(6, 16), _backend.Activate(New(6, 32)));
        Assert.Equal(New(6, 8), _backend.Linear(New(6, 16), OperatorRole.FfnDown, 0));
        Assert.Equal(New(2, 8), _backend.LastRows(New(6, 8), 2));
        Assert.Equal(New(2, 10), _backend.Linear(New(2, 8), OperatorRole.LmHead, 0));
    }

    [Fact]
    public void Whatever_does_not_fit_is_refused()
    {
        Action[] wrong =
        [
            () => _backend.Embed([0, 10]),
            () => _backend.Embed([-1]),
            () => _backend.EmbedPositions(8, _cache),
            () => _backend.Norm(New(6, 9), OperatorRole.FfnNorm, 0),
            () => _backend.Norm(New(6, 8), OperatorRole.FfnNorm, 3),
            () => _backend.Norm(New(6, 8), OperatorRole.FinalNorm, 1),
            () => _backend.Linear(New(6, 7), OperatorRole.FfnUp, 0),
            () => _backend.Linear(New(6, 8), OperatorRole.FfnUp, 3),
            () => _backend.Linear(New(6, 8), OperatorRole.Residual, 0),
            () => _backend.Linear(New(0, 8), OperatorRole.FfnUp, 0),
            () => _backend.Linear(New(6, 8) with { Type = DataType.Int8 }, OperatorRole.FfnUp, 0),
            () => _backend.Rope(New(5, 16), _cache),
            () => _backend.AppendKv(New(8, 16), _cache, 0),
            () => _backend.AppendKv(New(6, 15), _cache, 0),
            () => _backend.AppendKv(New(6, 16), _cache, -1),
            () => _backend.Attention(New(8, 16), _cache, 0),
            () => _backend.Attention(New(6, 8), _cache, 0),
            () => _backend.Activate(New(6, 16)),
            () => _backend.Add(New(6, 8), New(5, 8), OperatorRole.Residual),
            () => _backend.Add(New(6, 9), New(6, 9), OperatorRole.Residual),
            () => _backend.LastRows(New(6, 8), 4),
            () => _backend.Sample(New(2, 10), new int[3]),
            () => _backend.Sample(New(2, 9), new int[2]),
        ];
        Assert.All(wrong, action => Assert.ThrowsAny<ArgumentException>(action));
    }

    [Fact]
    public void Every_sampled_token_is_0()
    {
        int[] tokens = [7, 8];
        _backend.Sample(New(2, 10), tokens);
        Assert.Equal([0, 0], tokens);
    }

    private static ShapeTensor New(int rows, int columns) => new(rows, columns, DataType.Fp16);
}
