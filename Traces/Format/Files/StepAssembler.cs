using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>Puts steps together again from rows; a step may reach over row groups. What does not fit is one clear error.</summary>
internal sealed class StepAssembler
{
    private readonly ImmutableArray<StepBlock>.Builder _blocks = ImmutableArray.CreateBuilder<StepBlock>();
    private readonly ImmutableArray<Operator>.Builder _operators = ImmutableArray.CreateBuilder<Operator>();
    private readonly List<OperatorSources> _sources = [];
    private readonly List<long> _measured = [];
    private readonly List<long> _measuredOfBlock = [];
    private readonly List<Decision> _decisions = [];
    private Step? _step;
    private int _block = -1;
    private int _repeat;
    private long _executed;

    /// <summary>Number of steps completed.</summary>
    public int Steps { get; private set; }

    /// <summary>Takes a row.</summary>
    /// <param name="rows">The row group.</param>
    /// <param name="row">Which of its rows.</param>
    /// <param name="place">Tells where it stands, for messages.</param>
    /// <returns>The step before, if the row begins another.</returns>
    public Step? Take(TraceRows rows, int row, Func<string> place)
    {
        switch (rows.Record[row])
        {
            case TraceRows.StepRecord:
                Step? complete = Complete(place);
                _step = new Step(rows.Step[row], Word<Phase>(rows.Phase, row, place), [], rows.CommittedTokens[row]);
                return complete;
            case TraceRows.OperatorRecord:
                CheckStep(rows, row, place);
                TakeOperator(rows, row, place);
                return null;
            case TraceRows.DecisionRecord:
                CheckStep(rows, row, place);
                _decisions.Add(new Decision(rows.Decision[row] ?? throw Fault(place, "a decision without a name"), [.. rows.DecisionValues[row]]));
                return _decisions.Count <= TraceLimits.DecisionsPerStep ? null : throw Fault(place, $"more than {TraceLimits.DecisionsPerStep} decisions in a step");
            default:
                throw Fault(place, $"record '{rows.Record[row]}'; {TraceRows.StepRecord}, {TraceRows.OperatorRecord} or {TraceRows.DecisionRecord} is possible");
        }
    }

    /// <summary>Ends the last step, if there is one.</summary>
    public Step? Complete(Func<string> place)
    {
        if (_step is null)
        {
            return null;
        }

        CloseBlock(place);
        Step step = _step with { Blocks = _blocks.DrainToImmutable(), MeasuredNanoseconds = [.. _measured], Decisions = [.. _decisions] };
        if (TraceRules.Fault(step, Steps) is { } fault)
        {
            throw Fault(place, fault);
        }

        Steps++;
        _step = null;
        _measured.Clear();
        _decisions.Clear();
        _block = -1;
        _executed = 0;
        return step;
    }

    private void TakeOperator(TraceRows rows, int row, Func<string> place)
    {
        if (_decisions.Count > 0)
        {
            throw Fault(place, "an operator stands behind the decisions of its step");
        }

        if (rows.Block[row] != _block)
        {
            CloseBlock(place);
            if (rows.Block[row] != _block + 1)
            {
                throw Fault(place, $"block {rows.Block[row]} stands where block {_block + 1} belongs");
            }

            _block++;
            _repeat = rows.Repeat[row];
        }

        if (rows.Position[row] != _operators.Count || rows.Repeat[row] != _repeat || _repeat < 1)
        {
            throw Fault(place, $"operator {rows.Position[row]} of block {_block}, repeated {rows.Repeat[row]} times, stands where operator {_operators.Count}, repeated {_repeat} times, belongs");
        }

        _executed += _repeat;
        if (_executed > TraceLimits.OperatorsPerStep)
        {
            throw Fault(place, $"more than {TraceLimits.OperatorsPerStep} operators in a step");
        }

        _operators.Add(ReadOperator(rows, row, place));
        if (rows.Source1[row] != StepRows.UnknownSource || rows.Source2[row] != StepRows.UnknownSource)
        {
            _sources.Add(new OperatorSources(rows.Source1[row], rows.Source2[row]));
        }

        ReadOnlySpan<long> measured = rows.MeasuredNanoseconds[row];
        if (!measured.IsEmpty && measured.Length != _repeat)
        {
            throw Fault(place, $"{measured.Length} measured times of an operator repeated {_repeat} times");
        }

        _measuredOfBlock.AddRange(measured);
    }

    private void CloseBlock(Func<string> place)
    {
        if (_operators.Count == 0)
        {
            return;
        }

        if (_measuredOfBlock.Count > 0 && _measuredOfBlock.Count != (long)_repeat * _operators.Count)
        {
            throw Fault(place, $"block {_block} is measured in part");
        }

        // Rows hold the instances of one operator, steps the operators of one instance.
        for (int instance = 0; instance < _repeat && _measuredOfBlock.Count > 0; instance++)
        {
            for (int position = 0; position < _operators.Count; position++)
            {
                _measured.Add(_measuredOfBlock[(position * _repeat) + instance]);
            }
        }

        _blocks.Add(new StepBlock(_operators.DrainToImmutable(), _repeat) { Sources = [.. _sources] });
        _measuredOfBlock.Clear();
        _sources.Clear();
    }

    private void CheckStep(TraceRows rows, int row, Func<string> place)
    {
        if (_step is null || rows.Step[row] != _step.Index)
        {
            throw Fault(place, $"a row of step {rows.Step[row]} stands {(_step is null ? "before any step" : $"in step {_step.Index}")}");
        }
    }

    private static Operator ReadOperator(TraceRows rows, int row, Func<string> place) => new()
    {
        Kind = Word<OperatorKind>(rows.Kind, row, place),
        Role = Word<OperatorRole>(rows.Role, row, place),
        Phase = Word<Phase>(rows.Phase, row, place),
        Rows = rows.Rows[row],
        Inputs = rows.Inputs[row],
        Outputs = rows.Outputs[row],
        Sequences = rows.Sequences[row],
        Heads = rows.Heads[row],
        KvHeads = rows.KvHeads[row],
        HeadDim = rows.HeadDim[row],
        Context = rows.Context[row],
        Taps = rows.Taps[row],
        Stride = rows.Stride[row],
        Padding = rows.Padding[row],
        Group = rows.Group[row],
        Nonzeros = rows.Nonzeros[row],
        Experts = rows.Experts[row],
        Ranks = rows.Ranks[row],
        Collective = Word<CollectiveKind>(rows.Collective, row, place),
        Bias = rows.Bias[row],
        Mask = Word<AttentionMask>(rows.Mask, row, place),
        Activation = Word<ActivationKind>(rows.Activation, row, place),
        Norm = Word<NormKind>(rows.Norm, row, place),
        WeightType = Word<DataType>(rows.WeightType, row, place),
        ActivationType = Word<DataType>(rows.ActivationType, row, place),
        KvType = Word<DataType>(rows.KvType, row, place),
        Label = rows.Label[row],
        OpaqueNanoseconds = rows.OpaqueNanoseconds[row],
    };

    private static T Word<T>(TextColumn column, int row, Func<string> place)
        where T : struct, Enum
    {
        string? word = column[row];
        if (EnumWords<T>.TryParse(word, out T value))
        {
            return value;
        }

        string shown = word is null ? "null" : $"'{(word.Length <= 60 ? word : word[..60])}'";
        throw Fault(place, $"{column.Field.Name} is {shown}; {NearestWord.Suggest(word is null || word.Length > 60 ? "" : word, EnumWords<T>.All)}");
    }

    private static PimSimUserException Fault(Func<string> place, string message) => new($"{place()}: {message}");
}
