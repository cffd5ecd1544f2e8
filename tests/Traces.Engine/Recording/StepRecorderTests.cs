using CsCheck;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Recording;

public class StepRecorderTests
{
    [Fact]
    public void Folding_loses_nothing_and_leaves_no_equal_neighbours() => Gen.Int[1, 2].Array[0, 3].Array[0, 12].Array[1, 3].Sample(steps =>
    {
        StepRecorder recorder = new();
        for (int index = 0; index < steps.Length; index++)
        {
            recorder.BeginStep(Phase.Decode);
            foreach (int[] block in steps[index])
            {
                recorder.BeginBlock();
                foreach (int rows in block)
                {
                    recorder.Add(New(rows));
                }
            }

            Step step = recorder.EndStep(index);
            Assert.Equal((index, index), (step.Index, step.CommittedTokens));
            Assert.Equal(
                steps[index].SelectMany(block => block),
                step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat).SelectMany(operators => operators)).Select(op => op.Rows));

            // Blocks without operators are no blocks; runs of equal ones are one.
            List<int[]> runs = [];
            foreach (int[] block in steps[index].Where(block => block.Length > 0))
            {
                if (runs.Count == 0 || !runs[^1].SequenceEqual(block))
                {
                    runs.Add(block);
                }
            }

            Assert.Equal(runs, step.Blocks.Select(block => block.Operators.Select(op => op.Rows).ToArray()));
        }
    });

    [Fact]
    public void Operators_before_the_first_block_are_a_block()
    {
        StepRecorder recorder = new();
        recorder.BeginStep(Phase.Prefill);
        recorder.Add(New(1));
        recorder.BeginBlock();
        recorder.Add(New(2));
        Step step = recorder.EndStep(0);
        Assert.Equal(Phase.Prefill, step.Phase);
        Assert.Equal([1, 2], step.Blocks.Select(block => block.Operators[0].Rows));
    }

    [Fact]
    public void Misuse_is_refused()
    {
        StepRecorder recorder = new();
        Assert.Throws<InvalidOperationException>(() => recorder.Add(New(1)));
        Assert.Throws<InvalidOperationException>(() => recorder.EndStep(0));
        recorder.BeginStep(Phase.Decode);
        Assert.Throws<InvalidOperationException>(() => recorder.BeginStep(Phase.Decode));
        Assert.Throws<ArgumentOutOfRangeException>(() => recorder.EndStep(-1));
    }

    [Fact]
    public void Equal_blocks_cost_no_memory()
    {
        long short_ = Allocated(10);
        Assert.Equal(short_, Allocated(10_000));
    }

    private static long Allocated(int blocks)
    {
        StepRecorder recorder = new();
        Record(recorder, blocks);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Record(recorder, blocks);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Record(StepRecorder recorder, int blocks)
    {
        recorder.BeginStep(Phase.Decode);
        for (int block = 0; block < blocks; block++)
        {
            recorder.BeginBlock();
            recorder.Add(New(1));
            recorder.Add(New(2));
        }

        recorder.EndStep(1);
    }

    private static Operator New(int rows) => new() { Kind = OperatorKind.Add, Role = OperatorRole.Residual, Phase = Phase.Decode, Rows = rows };
}
