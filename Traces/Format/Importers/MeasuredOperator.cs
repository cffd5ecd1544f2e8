using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers;

/// <summary>An operator with the time that it took where it was measured.</summary>
/// <param name="Operator">What ran.</param>
/// <param name="Nanoseconds">How long it took.</param>
/// <param name="Name">What its source calls it.</param>
/// <param name="Line">One-based line of the source file.</param>
public readonly record struct MeasuredOperator(Operator Operator, long Nanoseconds, string Name, long Line);
