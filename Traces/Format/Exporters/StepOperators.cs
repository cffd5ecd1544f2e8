using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Exporters;

/// <summary>One executed operator of a step.</summary>
/// <param name="Op">What was done.</param>
/// <param name="Sources">Where its inputs come from; null if not known.</param>
/// <param name="Block">Number of its block.</param>
/// <param name="Instance">Which of the equal layers of the block it belongs to.</param>
/// <param name="Nanoseconds">How long it took; null if it was not measured.</param>
internal readonly record struct ExecutedOperator(Operator Op, OperatorSources? Sources, int Block, int Instance, long? Nanoseconds);

/// <summary>Steps unfolded: other tools' formats have no repeats.</summary>
internal static class StepOperators
{
    /// <summary>All operators of a step in the order of execution.</summary>
    public static IEnumerable<ExecutedOperator> Of(Step step)
    {
        int executed = 0;
        for (int index = 0; index < step.Blocks.Length; index++)
        {
            StepBlock block = step.Blocks[index];
            for (int instance = 0; instance < block.Repeat; instance++)
            {
                for (int position = 0; position < block.Operators.Length; position++)
                {
                    Operator op = block.Operators[position];
                    long? opaque = op.Kind == OperatorKind.Opaque ? op.OpaqueNanoseconds : null;
                    yield return new ExecutedOperator(
                        op,
                        block.Sources.IsEmpty ? null : block.Sources[position],
                        index,
                        instance,
                        step.MeasuredNanoseconds.IsEmpty ? opaque : step.MeasuredNanoseconds[executed]);
                    executed++;
                }
            }
        }
    }
}
