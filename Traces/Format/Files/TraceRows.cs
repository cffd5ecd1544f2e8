using Parquet.Schema;

namespace PimSim.Traces.Format.Files;

/// <summary>
/// The rows of one row group, column by column. A step is a row <c>step</c>, then a row <c>operator</c> for each operator of each block, and
/// a row <c>decision</c> for each decision. docs/traces.md has the columns; what a row does not use is null, 0, false or an empty list.
/// </summary>
internal sealed class TraceRows
{
    public const string StepRecord = "step";
    public const string OperatorRecord = "operator";
    public const string DecisionRecord = "decision";

    public TraceRows()
    {
        All =
        [
            Record, Step, Phase, CommittedTokens, Block, Repeat, Position, Kind, Role,
            Rows, Inputs, Outputs, Sequences, Heads, KvHeads, HeadDim, Context, Taps, Stride, Padding, Group, Nonzeros, Experts, Ranks, Collective, Bias, Mask, Activation, Norm,
            WeightType, ActivationType, KvType, Source1, Source2, Label, OpaqueNanoseconds, MeasuredNanoseconds, Decision, DecisionValues,
        ];
        Schema = new ParquetSchema(All.Select(column => column.Field));
    }

    public TextColumn Record { get; } = new("record");

    public NumberColumn<int> Step { get; } = new("step");

    public TextColumn Phase { get; } = new("phase");

    public NumberColumn<int> CommittedTokens { get; } = new("committed_tokens");

    public NumberColumn<int> Block { get; } = new("block");

    public NumberColumn<int> Repeat { get; } = new("repeat");

    public NumberColumn<int> Position { get; } = new("position");

    public TextColumn Kind { get; } = new("kind");

    public TextColumn Role { get; } = new("role");

    public NumberColumn<int> Rows { get; } = new("rows");

    public NumberColumn<int> Inputs { get; } = new("inputs");

    public NumberColumn<int> Outputs { get; } = new("outputs");

    public NumberColumn<int> Sequences { get; } = new("sequences");

    public NumberColumn<int> Heads { get; } = new("heads");

    public NumberColumn<int> KvHeads { get; } = new("kv_heads");

    public NumberColumn<int> HeadDim { get; } = new("head_dim");

    public NumberColumn<int> Context { get; } = new("context");

    public NumberColumn<int> Taps { get; } = new("taps");

    public NumberColumn<int> Stride { get; } = new("stride");

    public NumberColumn<int> Padding { get; } = new("padding");

    public NumberColumn<int> Group { get; } = new("group");

    public NumberColumn<int> Nonzeros { get; } = new("nonzeros");

    public NumberColumn<int> Experts { get; } = new("experts");

    public NumberColumn<int> Ranks { get; } = new("ranks");

    public TextColumn Collective { get; } = new("collective");

    public NumberColumn<bool> Bias { get; } = new("bias");

    public TextColumn Mask { get; } = new("mask");

    public TextColumn Activation { get; } = new("activation");

    public TextColumn Norm { get; } = new("norm");

    public TextColumn WeightType { get; } = new("weight_type");

    public TextColumn ActivationType { get; } = new("activation_type");

    public TextColumn KvType { get; } = new("kv_type");

    public NumberColumn<int> Source1 { get; } = new("source1");

    public NumberColumn<int> Source2 { get; } = new("source2");

    public TextColumn Label { get; } = new("label");

    public NumberColumn<long> OpaqueNanoseconds { get; } = new("opaque_ns");

    public ListColumn MeasuredNanoseconds { get; } = new("measured_ns");

    public TextColumn Decision { get; } = new("decision");

    public ListColumn DecisionValues { get; } = new("decision_values");

    /// <summary>All columns in the order of the file.</summary>
    public IReadOnlyList<TraceColumn> All { get; }

    public ParquetSchema Schema { get; }

    /// <summary>Number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>Call when every column has got its value of a row.</summary>
    public void EndRow() => Count++;

    public void Clear()
    {
        Count = 0;
        foreach (TraceColumn column in All)
        {
            column.Clear();
        }
    }

    /// <summary>Call when every column has been read.</summary>
    public void SetCount(int rows) => Count = rows;
}
