using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends;

/// <summary>A tensor with a shape and no data.</summary>
public readonly record struct ShapeTensor(int Rows, int Columns, DataType Type) : ITensor;
