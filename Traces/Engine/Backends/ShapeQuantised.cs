using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends;

/// <summary>Quantised activations with a shape and no data.</summary>
public readonly record struct ShapeQuantised(int Rows, int Columns, DataType Type, int GroupSize, DataType ActivationType) : IQuantisedTensor;
