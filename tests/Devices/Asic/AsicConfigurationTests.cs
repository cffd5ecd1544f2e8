using PimSim.Devices.Asic;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Asic;

public class AsicConfigurationTests
{
    private const string Sheet = """
        kind: asic
        summary: A test.
        clock: {value: 500 MHz, source: estimated}
        adders: {value: 6, source: estimated}
        multipliers: {value: 2, source: estimated}
        sram: {value: 4 KiB, source: estimated}
        dataType: {value: fp16, source: estimated}
        unitLatency: {value: 2, source: estimated}
        taylorDegree: {value: 5, source: estimated}
        reciprocalNewtonSteps: {value: 3, source: estimated}
        inverseSqrtNewtonSteps: {value: 4, source: estimated}
        power:
          active: {value: 100 uW, source: estimated}
          clock: {value: 1 GHz, source: estimated}
          adders: {value: 3, source: estimated}
          multipliers: {value: 2, source: estimated}
          staticShare: {value: 25 %, source: estimated}
          multiplyToAddEnergy: {value: 3.5, source: estimated}
        area: {value: 0.5 mm2, source: estimated}
        """;

    [Fact]
    public void Every_field_of_a_sheet_is_read()
    {
        ProblemList problems = new();
        AsicConfiguration sheet = Read(Sheet, problems);

        problems.ThrowIfAny();
        Assert.Equal("test", sheet.Name);
        Assert.Equal(2000, sheet.Clock.PeriodPs);
        Assert.Equal(6, sheet.Adders);
        Assert.Equal(2, sheet.Multipliers);
        Assert.Equal(4096, sheet.SramBytes);
        Assert.Equal(DataType.Fp16, sheet.DataType);
        Assert.Equal(2, sheet.UnitLatency);
        Assert.Equal(new SeriesPrecision(5, 3, 4), sheet.Precision);
        Assert.Equal(0.5m, sheet.AreaSquareMillimetres);
    }

    [Fact]
    public void Power_is_split_into_a_static_share_and_energies_per_pass()
    {
        ProblemList problems = new();
        AsicConfiguration sheet = Read(Sheet, problems);

        // 75 uW over 1000 ps are 75,000 aJ, shared by 3 adders and by 2 multipliers that count 3.5 each.
        problems.ThrowIfAny();
        Assert.Equal(new Power(25), sheet.StaticPower);
        Assert.Equal(new Energy(7_500), sheet.AddEnergy);
        Assert.Equal(new Energy(26_250), sheet.MultiplyEnergy);
    }

    [Fact]
    public void The_shipped_asic_draws_its_published_power_when_every_unit_works()
    {
        ProblemList problems = new();
        CatalogueEntry entry = ShippedAsic.Open(problems);
        AsicConfiguration sheet = AsicConfiguration.Read(entry);
        decimal published = entry.Quantity(entry.Root.Required("power"), "active", Dimension.Power);

        problems.ThrowIfAny();
        Energy perCycle = (sheet.AddEnergy * sheet.Adders) + (sheet.MultiplyEnergy * sheet.Multipliers);
        double watts = sheet.StaticPower.Watts + (perCycle.Joules / (sheet.Clock.PeriodPs * 1e-12));
        Assert.Equal((double)published * 1e-6, watts, 1e-6);
    }

    [Fact]
    public void The_shipped_asic_names_a_source_for_every_number_and_a_note_for_every_estimate()
    {
        ProblemList problems = new();
        CatalogueEntry entry = ShippedAsic.Open(problems);
        AsicConfiguration.Read(entry);

        problems.ThrowIfAny();
        Assert.Equal(16, entry.Values.Count);
        Assert.All(entry.Values.Where(value => value.Source == CatalogueEntry.Estimated), value => Assert.NotEmpty(value.Note));
    }

    [Fact]
    public void All_faults_of_a_sheet_are_told_at_once_with_their_lines()
    {
        ProblemList problems = new();
        string faulty = Sheet
            .Replace("kind: asic", "kind: dram", StringComparison.Ordinal)
            .Replace("500 MHz", "0 Hz", StringComparison.Ordinal)
            .Replace("adders: {value: 6", "adders: {value: 0", StringComparison.Ordinal)
            .Replace("fp16", "fp17", StringComparison.Ordinal)
            .Replace("taylorDegree: {value: 5", "taylorDegree: {value: 11", StringComparison.Ordinal)
            .Replace("25 %", "125 %", StringComparison.Ordinal)
            .Replace("area:", "aera:", StringComparison.Ordinal);
        Read(faulty, problems);

        PimSimUserException fault = Assert.Throws<PimSimUserException>(problems.ThrowIfAny);
        foreach (string part in (string[])["test.yaml:1:", "test.yaml:3:", "test.yaml:4:", "test.yaml:7:", "test.yaml:9:", "test.yaml:17:", "'area' is missing", "unknown key 'aera'"])
        {
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        }
    }

    private static AsicConfiguration Read(string text, ProblemList problems) =>
        AsicConfiguration.Read(new CatalogueEntry(DataNode.Parse("test.yaml", text, problems)));
}
