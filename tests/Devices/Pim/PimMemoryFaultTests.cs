using CsCheck;
using PimSim.Devices.Pim;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

public class PimMemoryFaultTests
{
    private static readonly string[] Numbers = [.. AllNumbers()];

    [Theory]
    [InlineData("timings.tRP=-3 ns", "timings.tRP.value: '-3 ns' is negative; 0 or more is needed")]
    [InlineData("timings.tRP=3 mW", "'3 mW' is a power; write a time")]
    [InlineData("timings.tRP=3", "'3' has no unit")]
    [InlineData("timings.tRP=3 nss", "'nss' in '3 nss' is not a unit that PimSim knows; write a time")]
    [InlineData("timings.nBL=1.5", "'1.5' is not a whole number")]
    [InlineData("timings.nBL=-1", "-1 is out of range")]
    [InlineData("organization.channels=65", "65 is out of range: 1 to 64 is allowed")]
    [InlineData("organization.channels=0", "0 is out of range")]
    [InlineData("standard=gddr6-aimm", "'gddr6-aimm' is not known; did you mean 'gddr6-aim'?")]
    [InlineData("modes.needsPrecharge=yes", "'yes' is neither true nor false")]
    [InlineData("power.voltage=1.25 A", "'1.25 A' is a current; write a voltage")]
    [InlineData("power.idd0=80 mV", "'80 mV' is a voltage; write a current")]
    [InlineData("power.idd0=1e20 A", "power.idd0.value: '1e20 A' is not possible")]
    [InlineData("clock=0 ns", "clock.value: '0 ns' is not possible: whole picoseconds")]
    [InlineData("clock=0.5 ps", "clock.value: '0.5 ps' is not possible: whole picoseconds")]
    [InlineData("timings.tRP=1 s", "1000000000 cycles are more than")]
    [InlineData("processing.globalBuffer=16 B", "processing.globalBuffer.value: '16 B' is not possible")]
    [InlineData("processing.globalBuffer=4 GiB", "processing.globalBuffer.value: '4 GiB' is not possible")]
    [InlineData("processing.unitPower=1000000000000 kW", "processing.unitPower.value: '1000000000000 kW' is not possible")]
    [InlineData("refresh.interval=455 ns", "refresh.interval: an interval of 455 cycles leaves no time between refreshes of 455 cycles")]
    [InlineData("refresh.interval=0 ns", "an interval of 0 cycles leaves no time")]
    [InlineData("refresh.interval=5 mW", "'5 mW' is a power; write a time")]
    [InlineData("organization.accessBytes=64 B", "accessBytes 64 does not feed 16 multipliers of 16 bit: 32 B is needed")]
    public void A_value_that_cannot_be_is_reported_where_it_was_written(string change, string message)
    {
        ProblemList problems = new();
        MemoryVariants.Read(problems, change);
        Problem problem = Assert.Single(problems.Problems);
        Assert.Equal(("experiment.yaml", 1), (problem.File, problem.Line));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timings.tRFC=6825 ns", "an interval of 6825 cycles leaves no time")]
    [InlineData("processing.multipliersPerBank=8", "accessBytes 32 does not feed 8 multipliers of 16 bit: 16 B is needed")]
    [InlineData("power.idd0=80 mA", "give an activation a negative energy")]
    [InlineData("power.idd2n=145 mA", "give an open bank a negative energy")]
    [InlineData("power.idd4r=141 mA", "give a read a negative energy")]
    [InlineData("power.idd4w=141 mA", "give a write a negative energy")]
    [InlineData("power.idd5=90 mA", "give a refresh a negative energy")]
    public void Values_that_contradict_each_other_are_reported_with_a_line(string change, string message)
    {
        ProblemList problems = new();
        MemoryVariants.Read(problems, change);
        Assert.Contains(problems.Problems, problem => problem.Message.Contains(message, StringComparison.Ordinal));
        Assert.All(problems.Problems, problem => Assert.True(problem.Line > 0));
    }

    [Fact]
    public void An_interval_a_cycle_longer_than_a_refresh_is_allowed()
    {
        PimMemory memory = MemoryVariants.With("refresh.interval=456 ns");
        PimDevice device = PimDevices.New(memory, new PimModel(512, 1, 1, 16, 64, 4000, false, 1, 8, 1).Footprint);
        Assert.True(device.Execute(new PimModel(512, 1, 1, 16, 64, 4000, false, 1, 8, 1).Operator(OperatorKind.Gemm, 4, 1, 1), 0, Picoseconds.Zero) > Picoseconds.Zero);
    }

    [Fact]
    public void All_faults_are_told_at_once_each_with_file_and_line()
    {
        ProblemList problems = new();
        MemoryVariants.Read(problems, "timings.tRP=-3 ns", "organization.rows=many", "refresh.intervall=5 us", "power.voltage=12 ns", "timings=7 ns");
        string message = Assert.Throws<PimSimUserException>(problems.ThrowIfAny).Message;
        for (int line = 1; line <= 5; line++)
        {
            Assert.Contains($"experiment.yaml:{line}:5: ", message, StringComparison.Ordinal);
        }

        Assert.Contains("did you mean 'interval'?", message, StringComparison.Ordinal);
    }

    /// <summary>Whatever number is put in place of whatever number: it is refused, or the device works and its books are
    /// sound.</summary>
    [Fact]
    public void No_number_breaks_the_program() => Gen.Select(
        Gen.OneOf(Numbers),
        Gen.OneOf("0", "1", "3", "17", "4095", "2147483647", "99999999999", "0.3", "1e-9", "123456789012345678901234567", "%", "-1", "x"),
        Gen.Int[0, 5]).Sample(
        (path, number, unit) =>
        {
            ProblemList problems = new();
            try
            {
                PimMemory memory = MemoryVariants.Read(problems, $"{path}={number}{UnitsOf(path)[unit % UnitsOf(path).Length]}");
                if (problems.Problems.Count == 0)
                {
                    AssertWorks(memory);
                }
            }
            catch (PimSimUserException)
            {
                // Refused later: the toy does not fit.
            }
        },
        iter: 300);

    private static void AssertWorks(PimMemory memory)
    {
        PimModel toy = new(40, 1, 2, 16, 64, 50, true, 1, 20, 1);
        PimDevice device = PimDevices.New(memory, toy.Footprint);
        Picoseconds now = Picoseconds.Zero;
        foreach (OperatorKind kind in (OperatorKind[])[OperatorKind.Gemm, OperatorKind.KvAppend, OperatorKind.Attention])
        {
            Picoseconds end = device.Execute(toy.Operator(kind, 0, 1, 5), 0, now);
            Assert.True(end > now);
            now = end;
        }

        Assert.Equal(now, device.Ledger.TotalTime);
    }

    private static string[] UnitsOf(string path) => path.Split('.')[0] switch
    {
        "clock" or "refresh" => [" ps", " ns", " s"],
        "timings" => path.Contains(".n", StringComparison.Ordinal) ? [""] : [" ps", " ns", " s"],
        "power" => path.Contains("idd", StringComparison.Ordinal) ? [" uA", " mA", " A", ""] : [" mV", " V", " pJ/bit", ""],
        _ => ["", " B", " KiB", " GiB", " mW", " kW"],
    };

    private static IEnumerable<string> AllNumbers()
    {
        ProblemList problems = new();
        CatalogueEntry entry = Catalogues.Devices.Open("pim-gpt-memory", problems);
        PimMemory.Read(entry, Catalogues.Standards);
        return entry.Values.Select(value => value.Name);
    }
}
