using System.Globalization;
using PimSim.Devices.Dram;
using PimSim.Devices.Pim;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

/// <summary>
/// Cycle counts of aim_simulator (golden file; and the traces bundled with it, whose repeating patterns are written out
/// below). The device is the catalogue's aim-simulator; the program is the trace, one instruction a line.
/// </summary>
public class AimSimulatorTests
{
    private const int AfRow = 1 << 29;

    /// <summary>Its RD or WR is never issued there: the end-of-code request overtakes it. The sequencer has no such defect.</summary>
    private static readonly string[] NotExpressible = ["RD_SBK", "WR_SBK"];

    [Fact]
    public void Every_expressible_micro_trace_takes_the_same_cycles()
    {
        int compared = 0;
        foreach (string line in File.ReadLines(SharedData.Require("golden/pim/aim_micro_traces.csv")).Skip(1))
        {
            string[] fields = Csv(line);
            string name = fields[0];
            string? trace = fields[1].StartsWith("AiM", StringComparison.Ordinal) ? fields[1] : Bundled(name);
            if (trace is null || NotExpressible.Any(trace.Contains))
            {
                TestContext.Current.TestOutputHelper!.WriteLine($"not expressible: {name}");
                continue;
            }

            (long cycles, ChannelCounters counters) = Simulate(trace);
            Assert.Equal((name, long.Parse(fields[2], CultureInfo.InvariantCulture)), (name, cycles));
            AssertCommands(name, fields[3], counters);
            compared++;
        }

        // 24 rows; only RD_SBK is left out.
        Assert.Equal(23, compared);
    }

    [Theory]
    [InlineData("AiM MAC_ABK 64 0x1 0 ; AiM MAC_ABK 64 0x1 1 ; AiM EOC", 411)]
    [InlineData("AiM MAC_ABK 2 0x1 0 ; AiM EOC", 61)]
    [InlineData("AiM WR_GB 1 0 0x1 ; AiM EOC", 37)]
    [InlineData("AiM RD_MAC 4 0x1 ; AiM EOC", 37)]
    [InlineData("AiM EWMUL 1 0x1 0 ; AiM EOC", 28)]
    [InlineData("AiM COPY_GBBK 64 0x1 0 0 ; AiM EOC", 177)]
    public void Traces_of_the_fact_sheet_take_the_same_cycles(string trace, long cycles) => Assert.Equal(cycles, Simulate(trace).Cycles);

    [Theory]
    [InlineData("bundled micro_macab_1024_16banks", 231383)]
    [InlineData("bundled micro_wrbias_1024_16banks", 2083)]
    [InlineData("bundled micro_wrgb_gbbk_bggb_16banks", 637890)]
    public void Bundled_traces_of_the_fact_sheet_take_the_same_cycles(string name, long cycles) => Assert.Equal(cycles, Simulate(Bundled(name)!).Cycles);

    private static (long Cycles, ChannelCounters Counters) Simulate(string trace)
    {
        PimMemory memory = Catalogues.Memory("aim-simulator");
        ChannelState state = new(memory.Channel);
        ChannelCounters counters = new();
        ChannelSequencer<NoSink> sequencer = new(memory.Channel, accelerate: true, default);

        // Cycle 1 is the first in which that controller issues; end of code alone completes in cycle 2.
        sequencer.Run([.. trace.Split(';').Select(Parse).OfType<PimInstruction>()], 0, 1, state, counters);
        return (Math.Max(state.Completion, 2), counters);
    }

    private static PimInstruction? Parse(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int Number(int index) => int.Parse(words[index], CultureInfo.InvariantCulture);
        return words[1] switch
        {
            "EOC" => null,
            "MAC_ABK" => PimInstruction.Stream(DramCommand.MACAB, Number(4), 0, Number(2)),
            "EWMUL" => PimInstruction.Stream(DramCommand.EWMUL, Number(4), 0, Number(2)),
            "MAC_SBK" => PimInstruction.StreamBank(DramCommand.MACSB, Number(4), Number(5), 0, Number(2)),
            "COPY_BKGB" => PimInstruction.StreamBank(DramCommand.RDCP, Number(4), Number(5), 0, Number(2)),
            "COPY_GBBK" => PimInstruction.StreamBank(DramCommand.WRCP, Number(4), Number(5), 0, Number(2)),
            "AF" => PimInstruction.Stream(DramCommand.AF, AfRow, 0, 1),
            "WR_ABK" => PimInstruction.Stream(DramCommand.WRBK, Number(4), 0, 1),
            "WR_GB" => PimInstruction.Transfer(DramCommand.WRGB, Number(2)),
            "WR_BIAS" => PimInstruction.Transfer(DramCommand.WRBIAS, 1),
            "RD_MAC" => PimInstruction.Transfer(DramCommand.RDMAC, 1),
            "RD_AF" => PimInstruction.Transfer(DramCommand.RDAF, 1),
            _ => throw new ArgumentException(line),
        };
    }

    private static string? Bundled(string name)
    {
        Func<int, string>? pattern = name switch
        {
            "bundled micro_macab_1024_16banks" => i => $"AiM MAC_ABK 64 0x1 {i}",
            "bundled micro_ewmul_16banks" => i => $"AiM EWMUL 64 0x1 {i}",
            "bundled micro_rdmac_1024_16banks" => _ => "AiM RD_MAC 4 0x1",
            "bundled micro_wrbias_1024_16banks" => _ => "AiM WR_BIAS 4 0x1",
            "bundled micro_wrab_1024_1bank" => i => $"AiM WR_ABK 4 0x1 {i}",
            "bundled micro_wrbias_mac_af_rdaf_16banks" => _ => "AiM WR_BIAS 4 0x1 ; AiM MAC_ABK 64 0x1 0 ; AiM AF 0x1 ; AiM RD_AF 4 0x1",
            "bundled micro_wrbias_mac_rdmac_mac_16banks" => _ => "AiM WR_BIAS 4 0x1 ; AiM MAC_ABK 64 0x1 0 ; AiM RD_MAC 4 0x1 ; AiM MAC_ABK 64 0x1 1",
            "bundled micro_wrgb_gbbk_bggb_16banks" => i => $"AiM WR_GB 64 0 0x1 ; AiM COPY_GBBK 64 0x1 0 {i} ; AiM COPY_BKGB 64 0x1 8 {i}",
            _ => null,
        };
        return pattern is null ? null : string.Join(" ; ", Enumerable.Range(0, 1024).Select(pattern)) + " ; AiM EOC";
    }

    private static void AssertCommands(string trace, string expected, ChannelCounters counters)
    {
        foreach (string entry in expected.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = entry.Split('=');
            long count = parts[0] switch
            {
                "TMOD" => counters.Commands(DramCommand.NDME) + counters.Commands(DramCommand.NDMX),
                "MAC16" => counters.Commands(DramCommand.MACAB),
                "MAC" => counters.Commands(DramCommand.MACSB),
                "AF16" => counters.Commands(DramCommand.AF),
                "EWMUL16" => counters.Commands(DramCommand.EWMUL),
                "WRA16" => counters.Commands(DramCommand.WRBK),
                "WRMAC16" => counters.Commands(DramCommand.WRBIAS),
                "RDMAC16" => counters.Commands(DramCommand.RDMAC),
                "RDAF16" => counters.Commands(DramCommand.RDAF),
                _ => counters.Commands(Enum.Parse<DramCommand>(parts[0])),
            };
            Assert.Equal((trace, entry), (trace, $"{parts[0]}={count}"));
        }
    }

    private static string[] Csv(string line)
    {
        List<string> fields = [];
        bool quoted = false;
        System.Text.StringBuilder field = new();
        foreach (char c in line + ",")
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }

        return [.. fields];
    }
}
