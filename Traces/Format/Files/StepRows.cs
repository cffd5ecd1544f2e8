using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>Lays steps out as rows.</summary>
internal static class StepRows
{
    /// <summary>Stands for sources that are not known.</summary>
    public const int UnknownSource = -1;

    /// <summary>Adds the rows of a step; <paramref name="rowAdded"/> is called after each and may empty the rows.</summary>
    public static void Add(TraceRows rows, Step step, Action rowAdded)
    {
        string phase = EnumWords<Phase>.Of(step.Phase);
        AddRow(rows, TraceRows.StepRecord, step, phase, default, default);
        rowAdded();

        int before = 0;
        for (int index = 0; index < step.Blocks.Length; index++)
        {
            StepBlock block = step.Blocks[index];
            for (int position = 0; position < block.Operators.Length; position++)
            {
                for (int instance = 0; instance < block.Repeat && !step.MeasuredNanoseconds.IsEmpty; instance++)
                {
                    rows.MeasuredNanoseconds.Append(step.MeasuredNanoseconds[before + (instance * block.Operators.Length) + position]);
                }

                Operator op = block.Operators[position];
                AddRow(rows, TraceRows.OperatorRecord, step, EnumWords<Phase>.Of(op.Phase), op, new Place(index, block, position));
                rowAdded();
            }

            before += (int)block.Count;
        }

        foreach (Decision decision in step.Decisions)
        {
            foreach (long value in decision.Values)
            {
                rows.DecisionValues.Append(value);
            }

            AddRow(rows, TraceRows.DecisionRecord, step, phase, default, default, decision.Name);
            rowAdded();
        }
    }

    private static void AddRow(TraceRows rows, string record, Step step, string phase, in Operator op, Place place, string? decision = null)
    {
        bool isOperator = place.Block is not null;
        OperatorSources sources = place.Block is { Sources.IsEmpty: false } known ? known.Sources[place.Position] : new OperatorSources(UnknownSource, UnknownSource);
        rows.Record.Add(record);
        rows.Step.Add(step.Index);
        rows.Phase.Add(phase);
        rows.CommittedTokens.Add(record == TraceRows.StepRecord ? step.CommittedTokens : 0);
        rows.Block.Add(place.Index);
        rows.Repeat.Add(place.Block?.Repeat ?? 0);
        rows.Position.Add(place.Position);
        rows.Kind.Add(isOperator ? EnumWords<OperatorKind>.Of(op.Kind) : null);
        rows.Role.Add(isOperator ? EnumWords<OperatorRole>.Of(op.Role) : null);
        rows.Rows.Add(op.Rows);
        rows.Inputs.Add(op.Inputs);
        rows.Outputs.Add(op.Outputs);
        rows.Sequences.Add(op.Sequences);
        rows.Heads.Add(op.Heads);
        rows.KvHeads.Add(op.KvHeads);
        rows.HeadDim.Add(op.HeadDim);
        rows.Context.Add(op.Context);
        rows.Taps.Add(op.Taps);
        rows.Stride.Add(op.Stride);
        rows.Padding.Add(op.Padding);
        rows.Group.Add(op.Group);
        rows.Nonzeros.Add(op.Nonzeros);
        rows.Experts.Add(op.Experts);
        rows.Ranks.Add(op.Ranks);
        rows.Collective.Add(isOperator ? EnumWords<CollectiveKind>.Of(op.Collective) : null);
        rows.Bias.Add(op.Bias);
        rows.Mask.Add(isOperator ? EnumWords<AttentionMask>.Of(op.Mask) : null);
        rows.Activation.Add(isOperator ? EnumWords<ActivationKind>.Of(op.Activation) : null);
        rows.Norm.Add(isOperator ? EnumWords<NormKind>.Of(op.Norm) : null);
        rows.WeightType.Add(isOperator ? EnumWords<DataType>.Of(op.WeightType) : null);
        rows.ActivationType.Add(isOperator ? EnumWords<DataType>.Of(op.ActivationType) : null);
        rows.KvType.Add(isOperator ? EnumWords<DataType>.Of(op.KvType) : null);
        rows.Source1.Add(isOperator ? sources.First : 0);
        rows.Source2.Add(isOperator ? sources.Second : 0);
        rows.Label.Add(op.Label);
        rows.OpaqueNanoseconds.Add(op.OpaqueNanoseconds);
        rows.MeasuredNanoseconds.EndRow();
        rows.Decision.Add(decision);
        rows.DecisionValues.EndRow();
        rows.EndRow();
    }

    /// <summary>Where an operator stands in its step.</summary>
    private readonly record struct Place(int Index, StepBlock? Block, int Position);
}
