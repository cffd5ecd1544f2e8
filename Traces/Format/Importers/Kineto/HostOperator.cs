namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>A host operator whose shape makes it an operator of PimSim, the <paramref name="Shape"/>-th of its trace.</summary>
internal readonly record struct HostOperator(long StartNanoseconds, long EndNanoseconds, int Thread, int Shape);
