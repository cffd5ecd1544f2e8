using CsCheck;
using PimSim.Devices.Pim;
using PimSim.Simulator.Kernel;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

public class PimAccelerationTests
{
    /// <summary>Memories whose timings differ as well, some of them odd: refresh takes most of the time, rows are tiny, a MAC
    /// is slower than a row.</summary>
    private static readonly Gen<PimMemory> Memories = Gen.OneOf(
        Gen.Int[1, 9].Select(channels => MemoryVariants.With($"organization.channels={channels}")),
        Gen.Int[0, 3].Select(i => MemoryVariants.With("organization.columnsPerRow=4", "refresh.interval=1 us", $"timings.tRAS={20 + (30 * i)} ns")),
        Gen.Int[0, 3].Select(i => MemoryVariants.With($"timings.tRFC={5 + i} ns", $"refresh.interval={100 + (37 * i)} ns", "organization.channels=3")),
        Gen.Int[0, 3].Select(i => MemoryVariants.With($"timings.tCCDMAC={1 + (7 * i)} ns", "processing.globalBuffer=96 B", "processing.accumulatorsPerBank=3")),
        Gen.Int[0, 3].Select(i => MemoryVariants.With($"clock={700 + (i * 113)} ps", "timings.tWR=90 ns", "organization.columnsPerRow=16", "organization.channels=5")),
        Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool).Select((mode, precharge, waits) => MemoryVariants.With(
            $"modes.nonDramMode={Word(mode)}", $"modes.needsPrecharge={Word(precharge)}", $"modes.waitsForNextCommand={Word(waits)}", "organization.channels=6")),
        Gen.Const(Catalogues.Memory("ianus-memory")));

    [Fact]
    public void Acceleration_changes_no_time_no_energy_and_no_count() => Gen.Select(Memories, PimModel.Small)
        .SelectMany((memory, model) => PimWork.On(model, 14).Select(works => (memory, model, works)))
        .Sample(
            run =>
            {
                (PimMemory memory, PimModel model, PimWork[] works) = run;
                PimDevice fast = PimDevices.New(memory, model.Footprint, accelerate: true);
                PimDevice plain = PimDevices.New(memory, model.Footprint, accelerate: false);
                Picoseconds now = Picoseconds.Zero;
                foreach (PimWork work in works)
                {
                    Picoseconds start = now + work.Idle;
                    now = fast.Execute(work.Operator, work.Instance, start);
                    Assert.Equal(plain.Execute(work.Operator, work.Instance, start), now);
                    AssertSame(plain, fast);
                }
            },
            iter: 200);

    private static string Word(bool flag) => flag ? "true" : "false";

    private static void AssertSame(PimDevice expected, PimDevice actual)
    {
        for (int row = 0; row < expected.Ledger.Rows; row++)
        {
            for (int component = 0; component < expected.Ledger.TimeComponents.Count; component++)
            {
                Assert.Equal((row, component, expected.Ledger.Time(row, component)), (row, component, actual.Ledger.Time(row, component)));
            }

            for (int component = 0; component < expected.Ledger.EnergyComponents.Count; component++)
            {
                Assert.Equal((row, component, expected.Ledger.Energy(row, component)), (row, component, actual.Ledger.Energy(row, component)));
            }
        }

        Assert.Equal(expected.Counters.OrderBy(counter => counter.Key), actual.Counters.OrderBy(counter => counter.Key));
    }
}
