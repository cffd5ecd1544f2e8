using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Recording;

public class MeasuringTests
{
    /// <summary>Gives the n-th operator of all n nanoseconds.</summary>
    private sealed class CountingClock : IOperatorClock
    {
        private readonly List<long> _ended = [];
        private long _begun;

        public void Begin() => _begun++;

        public void End() => _ended.Add(_begun);

        public void Read(Span<long> nanoseconds)
        {
            _ended.CopyTo(nanoseconds);
            _ended.Clear();
        }
    }

    [Fact]
    public void Each_executed_operator_has_its_time_in_the_order_of_execution()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(RandomShape.Small), 1, 4, new CountingClock());
        long before = 0;
        for (int index = 0; index < 3; index++)
        {
            session.Sample(session.Forward(new int[1], Phase.Decode), new int[1]);
            Step step = session.Commit(1);
            Assert.Equal(Enumerable.Range(1, (int)step.Count).Select(number => before + number), step.MeasuredNanoseconds);
            before += step.Count;
        }
    }

    [Fact]
    public void The_stopwatch_times_every_operator_and_starts_over()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(RandomShape.Small), 1, 4, new StopwatchClock());
        for (int index = 0; index < 2; index++)
        {
            session.Forward(new int[1], Phase.Decode);
            Step step = session.Commit(1);
            Assert.Equal(step.Count, step.MeasuredNanoseconds.Length);
            Assert.All(step.MeasuredNanoseconds, time => Assert.True(time >= 0));
        }
    }

    [Fact]
    public void Without_a_clock_nothing_is_measured()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(RandomShape.Small), 1, 4);
        session.Forward(new int[1], Phase.Decode);
        Assert.Empty(session.Commit(1).MeasuredNanoseconds);
    }

    [Fact]
    public void Decisions_are_recorded_in_order_and_samples_only_where_there_is_data()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(RandomShape.Small), 2, 4);
        Assert.False(session.HasData);
        Assert.Throws<InvalidOperationException>(() => session.Decide("accepted", 1));
        session.Sample(session.Forward(new int[2], Phase.Decode), new int[2]);
        session.Decide("accepted", 3, 4);
        session.Decide("exit", 1);
        Assert.Equal([new Decision("accepted", [3, 4]), new Decision("exit", [1])], session.Commit(2).Decisions);
        session.Forward(new int[2], Phase.Decode);
        Assert.Empty(session.Commit(2).Decisions);
    }

    [Fact]
    public void Samples_of_a_backend_with_data_are_decisions()
    {
        EngineSession<ShapeTensor> session = new(new LastToken(RandomShape.Small), 2, 4);
        session.Sample(session.Forward(new int[2], Phase.Decode), new int[2]);
        Assert.Equal([new Decision("sample", [7, 8])], session.Commit(2).Decisions);
    }

    /// <summary>The Shape backend, but its samples count as data.</summary>
    private sealed class LastToken(ModelShape shape) : IBackend<ShapeTensor>
    {
        private readonly ShapeBackend _inner = new(shape);

        public ModelShape Shape => _inner.Shape;

        public KvCache CreateCache(int sequences, int capacity) => _inner.CreateCache(sequences, capacity);

        public void BeginBlock() => _inner.BeginBlock();

        public ShapeTensor Embed(ReadOnlySpan<int> tokens) => _inner.Embed(tokens);

        public ShapeTensor EmbedPositions(int rows, KvCache cache) => _inner.EmbedPositions(rows, cache);

        public ShapeTensor Norm(ShapeTensor input, OperatorRole role, int layer) => _inner.Norm(input, role, layer);

        public ShapeTensor Linear(ShapeTensor input, OperatorRole role, int layer) => _inner.Linear(input, role, layer);

        public ShapeTensor Rope(ShapeTensor qkv, KvCache cache) => _inner.Rope(qkv, cache);

        public void AppendKv(ShapeTensor qkv, KvCache cache, int layer) => _inner.AppendKv(qkv, cache, layer);

        public ShapeTensor Attention(ShapeTensor qkv, KvCache cache, int layer) => _inner.Attention(qkv, cache, layer);

        public ShapeTensor Activate(ShapeTensor input) => _inner.Activate(input);

        public ShapeTensor Add(ShapeTensor left, ShapeTensor right, OperatorRole role) => _inner.Add(left, right, role);

        public ShapeTensor LastRows(ShapeTensor input, int sequences) => _inner.LastRows(input, sequences);

        public void Sample(ShapeTensor logits, Span<int> tokens)
        {
            for (int row = 0; row < tokens.Length; row++)
            {
                tokens[row] = 7 + row;
            }
        }
    }
}
