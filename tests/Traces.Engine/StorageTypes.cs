using CsCheck;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests;

/// <summary>Types that weights of the engine's backends can be stored in: fp8 exists in measured operators only, int2 in caches.</summary>
internal static class StorageTypes
{
    public static readonly IReadOnlyList<DataType> All = [.. Enum.GetValues<DataType>().Where(type => type is not (DataType.Fp8 or DataType.Int2))];

    public static readonly Gen<DataType> Any = Gen.Int[0, All.Count - 1].Select(index => All[index]);
}
