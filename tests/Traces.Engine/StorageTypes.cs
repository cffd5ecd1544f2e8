using CsCheck;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests;

/// <summary>Types that weights of the engine's backends can be stored in: fp8 exists in measured operators only.</summary>
internal static class StorageTypes
{
    public static readonly Gen<DataType> Any = Gen.Int[(int)DataType.Fp32, (int)DataType.Int4].Select(type => (DataType)type);
}
