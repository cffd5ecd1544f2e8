using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Tests.Reference;

/// <summary>Rows of numbers in double precision.</summary>
internal sealed record PlainTensor(double[][] Values) : ITensor
{
    public int Rows => Values.Length;

    public int Columns => Values[0].Length;

    public DataType Type => DataType.Fp32;
}
