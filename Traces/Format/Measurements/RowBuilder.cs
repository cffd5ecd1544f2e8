using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>Makes measurements of one file: holds their operators to the rules of traces and marks those that are known to be wrong.</summary>
internal sealed class RowBuilder(MeasurementSource source)
{
    private readonly ImmutableArray<Caution> _cautions = Cautions.Of(source.Path);

    /// <summary>A collective; of those between nodes it is noted how many devices share one.</summary>
    public Measurement Collective(CsvTable table, Operator op, int perNode, double nanoseconds, MeasuredSpan span, string name, string group)
    {
        Measurement row = New(table, [op], MeasurementClass.Collective, nanoseconds, span, name, group);
        return perNode < op.Ranks ? row with { RanksPerNode = perNode } : row;
    }

    public Measurement New(CsvTable table, ImmutableArray<Operator> operators, MeasurementClass kind, double nanoseconds, MeasuredSpan span, string name, string group, double? watts = null, string? assumption = null) =>
        New(table.Fault, table.Line, operators, kind, nanoseconds, span, name, group, watts, assumption);

    public Measurement New(Func<string, Exception> faultAt, long line, ImmutableArray<Operator> operators, MeasurementClass kind, double nanoseconds, MeasuredSpan span, string name, string group, double? watts = null, string? assumption = null)
    {
        foreach (Operator op in operators)
        {
            if (TraceRules.Fault(op) is { } fault)
            {
                throw faultAt($"{name}: {fault}");
            }
        }

        return Raw(line, operators, kind, nanoseconds, span, name, group, watts, assumption, null);
    }

    /// <summary>A row that no operators stand for.</summary>
    public Measurement Unmatched(long line, MeasurementClass kind, double nanoseconds, MeasuredSpan span, string name, string group, string reason) =>
        Raw(line, [], kind, nanoseconds, span, name, group, null, null, reason);

    public Measurement Raw(long line, ImmutableArray<Operator> operators, MeasurementClass kind, double nanoseconds, MeasuredSpan span, string name, string group, double? watts, string? assumption, string? unmatched) => new()
    {
        Operators = operators,
        Class = kind,
        Nanoseconds = nanoseconds,
        Span = span,
        Name = name,
        Group = group,
        File = source.Path,
        Line = line,
        BoardWatts = watts,
        Caution = nanoseconds <= 0 ? "a time of 0: nothing was measured" : Reason(kind, operators),
        Assumption = assumption,
        Unmatched = unmatched,
    };

    private string? Reason(MeasurementClass kind, ImmutableArray<Operator> operators)
    {
        foreach (Caution caution in _cautions)
        {
            if (caution.Holds(kind, operators))
            {
                return caution.Reason;
            }
        }

        return null;
    }
}
