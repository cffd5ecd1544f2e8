using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests;

public class EngineSessionTests
{
    [Fact]
    public void After_a_rollback_the_same_tokens_give_the_same_operators()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(RandomShape.Small), 2, 10);
        session.Forward(new int[8], Phase.Prefill);
        session.Commit(2);
        session.Forward(new int[6], Phase.Decode);
        Step first = session.Commit(6);

        session.Cache.Truncate(4);
        session.Forward(new int[6], Phase.Decode);
        Step second = session.Commit(6);

        Assert.Equal(first.Index + 1, second.Index);
        Assert.Equal(first.Blocks.Select(block => block.Repeat), second.Blocks.Select(block => block.Repeat));
        Assert.Equal(first.Blocks.SelectMany(block => block.Operators), second.Blocks.SelectMany(block => block.Operators));
    }

    [Fact]
    public void A_forward_beyond_the_reserve_is_a_user_error()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(RandomShape.Small), 1, 4);
        Assert.Throws<PimSimUserException>(() => session.Forward(new int[5], Phase.Prefill));
    }

    [Fact]
    public void A_forward_before_the_commit_of_the_last_is_refused()
    {
        EngineSession<ShapeTensor> session = new(new ShapeBackend(RandomShape.Small), 1, 4);
        session.Forward(new int[1], Phase.Decode);
        Assert.Throws<InvalidOperationException>(() => session.Forward(new int[1], Phase.Decode));
        session.Commit(1);
        session.Forward(new int[1], Phase.Decode);
        Assert.Equal(2, session.Cache.Length);
    }
}
