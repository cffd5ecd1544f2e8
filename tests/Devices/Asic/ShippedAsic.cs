using PimSim.Devices.Asic;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Tests.Asic;

/// <summary>The catalogue entry beside the program, and a configuration of round numbers.</summary>
internal static class ShippedAsic
{
    public static AsicConfiguration RoundNumbers { get; } = new()
    {
        Name = "round",
        Clock = ClockDomain.FromFrequency(1_000_000_000),
        Adders = 256,
        Multipliers = 128,
        UnitLatency = 3,
        SramBytes = 131_072,
        DataType = DataType.Bf16,
        Precision = new(3, 2, 1),
        StaticPower = new(1000),
        AddEnergy = new(1_000_000),
        MultiplyEnergy = new(1),
        AreaSquareMillimetres = 1,
    };

    public static CatalogueEntry Open(ProblemList problems) =>
        new CatalogueFolder("device", [Path.Combine(AppContext.BaseDirectory, "Catalogue", "devices")]).Open("pim-gpt-asic", problems);

    public static AsicConfiguration Read()
    {
        ProblemList problems = new();
        AsicConfiguration configuration = AsicConfiguration.Read(Open(problems));
        problems.ThrowIfAny();
        return configuration;
    }
}
