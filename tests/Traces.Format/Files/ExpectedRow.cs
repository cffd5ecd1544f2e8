using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Tests.Files;

/// <summary>A row of a Parquet trace as docs/traces.md describes it, made from steps without the writer's code.</summary>
internal sealed record ExpectedRow(string Record, int Step, int CommittedTokens, int Block, int Repeat, int Position, Operator? Op, long[] Measured, Decision? Decision)
{
    /// <summary>The columns that hold a size of an operator.</summary>
    public static IReadOnlyList<(string Name, Func<Operator, int> Size)> Sizes { get; } =
    [
        ("rows", op => op.Rows), ("inputs", op => op.Inputs), ("outputs", op => op.Outputs), ("sequences", op => op.Sequences), ("heads", op => op.Heads),
        ("kv_heads", op => op.KvHeads), ("head_dim", op => op.HeadDim), ("context", op => op.Context), ("taps", op => op.Taps), ("stride", op => op.Stride),
        ("padding", op => op.Padding), ("group", op => op.Group), ("nonzeros", op => op.Nonzeros),
    ];

    /// <summary>A step, its operators block by block, its decisions, the next step.</summary>
    public static IEnumerable<ExpectedRow> Of(IEnumerable<Step> steps)
    {
        foreach (Step step in steps)
        {
            yield return new("step", step.Index, step.CommittedTokens, 0, 0, 0, null, [], null);
            int before = 0;
            for (int block = 0; block < step.Blocks.Length; block++)
            {
                StepBlock of = step.Blocks[block];
                int length = of.Operators.Length;
                for (int position = 0; position < length; position++)
                {
                    int first = before + position;
                    long[] measured = step.MeasuredNanoseconds.IsEmpty ? [] : [.. Enumerable.Range(0, of.Repeat).Select(instance => step.MeasuredNanoseconds[first + (instance * length)])];
                    yield return new("operator", step.Index, 0, block, of.Repeat, position, of.Operators[position], measured, null);
                }

                before += length * of.Repeat;
            }

            foreach (Decision decision in step.Decisions)
            {
                yield return new("decision", step.Index, 0, 0, 0, 0, null, [], decision);
            }
        }
    }
}
