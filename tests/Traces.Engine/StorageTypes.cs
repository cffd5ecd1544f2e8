using CsCheck;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests;

/// <summary>Types that weights of the engine's backends can be stored in: fp8 exists in measured operators only.</summary>
internal static class StorageTypes
{
    public static readonly IReadOnlyList<DataType> All = [.. Enum.GetValues<DataType>().Where(type => type != DataType.Fp8)];

    public static readonly Gen<DataType> Any = Gen.Int[0, All.Count - 1].Select(index => All[index]);
}
