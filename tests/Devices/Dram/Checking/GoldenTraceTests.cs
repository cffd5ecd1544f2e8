using System.Globalization;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Checking;

/// <summary>Command traces of three other simulators, each under the timings of its own configuration.</summary>
public class GoldenTraceTests
{
    private const string CrossRankReadToWrite = "RD -> WR: 10 (OtherRank)";

    public static TheoryData<string> LegalConfigurations =>
    [
        "dramsim3_ddr4_2400_8Gb_x8_1rank", "dramsys51_ddr4_matched_1rank", "ramulator21_ddr4_matched_1rank", "ramulator21_ddr4_2400R_1rank",
        "dramsim3_ddr4_2400_8Gb_x8_2rank", "dramsys51_ddr4_matched_2rank", "dramsim3_hbm2_8Gb_x128_1ch", "ramulator21_hbm2_4Gb_2000_1ch2pc",
    ];

    /// <summary>Refreshes are counted too: none of the three postpones or pulls in more than the standard allows.</summary>
    [Theory]
    [MemberData(nameof(LegalConfigurations))]
    public void Traces_of_other_simulators_are_legal(string configuration)
    {
        string[] traces = Traces(configuration);
        Assert.NotEmpty(traces);
        foreach (string trace in traces)
        {
            CommandTraceReport report = CommandTraceCheck.Run(trace, SpecificationOf(configuration));
            Assert.True(report.Violations.Count == 0, $"{trace}:\n{string.Join('\n', report.Violations.ByRule)}\n{string.Join('\n', report.Violations.Texts)}");
            Assert.Equal(File.ReadLines(trace).Count() - 1, report.Commands);
            Assert.InRange(report.RefreshesIssued, report.RefreshesExpected - 2, report.RefreshesExpected + 2);
        }
    }

    /// <summary>Ramulator 2.1 holds a write after a read of another rank back by nBL + nCS only.</summary>
    [Fact]
    public void A_write_too_soon_after_a_read_of_another_rank_is_found_and_nothing_else()
    {
        long expected = 0;
        Dictionary<string, long> found = new(StringComparer.Ordinal);
        foreach (string trace in Traces("ramulator21_ddr4_matched_2rank"))
        {
            expected += SoonWritesAfterOtherRank(trace);
            foreach ((string rule, long count) in CommandTraceCheck.Run(trace, SpecificationOf("ramulator21_ddr4_matched_2rank")).Violations.ByRule)
            {
                found[rule] = found.GetValueOrDefault(rule) + count;
            }
        }

        Assert.Equal(52, expected);
        Assert.Equal(expected, found[CrossRankReadToWrite]);
        Assert.Equal(expected, found["data bus"]);
        Assert.Equal(2, found.Count);
    }

    /// <summary>Counted from the text alone: writes within 10 cycles after a read of the other rank.</summary>
    private static long SoonWritesAfterOtherRank(string trace)
    {
        long[] lastRead = [-100, -100];
        long soon = 0;
        foreach (string[] fields in File.ReadLines(trace).Skip(1).Select(line => line.Split(',')))
        {
            long cycle = long.Parse(fields[0], CultureInfo.InvariantCulture);
            int rank = fields[3] == "0" ? 0 : 1;
            lastRead[rank] = fields[1] == "RD" ? cycle : lastRead[rank];
            soon += fields[1] == "WR" && cycle - lastRead[1 - rank] < 10 ? 1 : 0;
        }

        return soon;
    }

    private static string[] Traces(string configuration)
    {
        string folder = Path.Combine(Path.GetDirectoryName(SharedData.Require("golden/dram/configs.json"))!, configuration);
        return [.. Directory.GetFiles(folder, "*.cmd.csv").Order(StringComparer.Ordinal)];
    }

    private static DramSpecification SpecificationOf(string configuration) => configuration switch
    {
        "dramsim3_hbm2_8Gb_x128_1ch" => Specifications.Hbm2Legacy(),
        "ramulator21_hbm2_4Gb_2000_1ch2pc" => Specifications.Hbm2PseudoChannels(),
        "ramulator21_ddr4_2400R_1rank" => Specifications.Ddr4(1, new Specifications.Ddr4Timings(Cl: 16, Rcd: 16, Rp: 16, Rc: 55, Rfc: 433, Refi: 9364)),
        _ => Specifications.Ddr4(configuration.EndsWith("2rank", StringComparison.Ordinal) ? 2 : 1),
    };
}
