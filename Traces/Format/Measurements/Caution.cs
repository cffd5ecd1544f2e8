using System.Collections.Immutable;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>Rows of a published table that are known to be wrong.</summary>
/// <param name="PathPart">Part of the path that tells the table.</param>
/// <param name="Class">Rows of this class are meant.</param>
/// <param name="Reason">Why they are wrong.</param>
internal sealed record Caution(string PathPart, MeasurementClass Class, string Reason)
{
    /// <summary>Only rows of more sequences than this are meant.</summary>
    public int AboveSequences { get; init; }

    public bool Holds(MeasurementClass kind, ImmutableArray<Operator> operators) =>
        kind == Class && (AboveSequences == 0 || (!operators.IsEmpty && operators[0].Sequences > AboveSequences));
}
