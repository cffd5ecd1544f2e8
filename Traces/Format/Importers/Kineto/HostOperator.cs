using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>A host operator whose shape makes it an operator of PimSim.</summary>
internal readonly record struct HostOperator(long StartNanoseconds, long EndNanoseconds, int Thread, Operator Operator);
