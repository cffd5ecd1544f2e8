using PimSim.Devices.Asic;
using PimSim.Devices.Pim;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

/// <summary>
/// One product worked out by hand: 1024 inputs and one output in each bank of all channels. A channel writes 64 columns to
/// its buffer, opens one row, multiplies its 64 columns, closes it and reads one result per bank.
/// </summary>
public class PimEnergyTests
{
    private const double Ns = 1e-9;

    private readonly CatalogueEntry _sheet = Catalogues.Devices.Open("pim-gpt-memory", new ProblemList());
    private readonly PimMemory _memory = Catalogues.Memory("pim-gpt-memory");
    private readonly CostLedger _ledger;
    private readonly double _opened;
    private readonly double _closed;
    private readonly double _end;

    public PimEnergyTests()
    {
        // In nanoseconds, one command a cycle of 1 ns.
        double lastWrite = Time("tNDMWR") + (63 * Time("tWRGBD"));
        _opened = lastWrite + Time("tWRGBX") + Time("tMOD");
        double lastMac = _opened + Time("tRCDMAC") + (63 * Time("tCCDMAC"));
        _closed = Math.Max(lastMac + Time("tMACD"), _opened + Time("tRAS"));
        _end = _closed + Time("tRP") + Time("tNDMRD") + Time("tCL") + Time("nBL");

        ModelFootprint footprint = new("product", [new WeightMatrix(OperatorRole.LmHead, 1024, 128, false, 1)], 0, 1, 16, 16, 1, 1, DataType.Bf16, DataType.Bf16);
        PimDevice device = PimDevices.New(_memory, footprint);
        Operator product = new() { Kind = OperatorKind.Gemm, Role = OperatorRole.LmHead, Phase = Phase.Decode, Rows = 1, Inputs = 1024, Outputs = 128, WeightType = DataType.Bf16 };
        Assert.Equal(new Picoseconds((long)Math.Round(_end * Ns * 1e12)), device.Execute(product, 0, Picoseconds.Zero));
        _ledger = device.Ledger;
    }

    [Fact]
    public void Activation_is_the_current_of_its_loop_less_standby()
    {
        double standby = (Power("idd2n", Dimension.Current) * Time("tRC")) + (OpenBankCurrent * Time("tRAS"));
        double activation = Voltage * ((Power("idd0", Dimension.Current) * Time("tRC")) - standby) * Ns;
        AssertBooked(8 * 16 * activation, PimEnergyComponent.Activate, 1e-9);
    }

    [Fact]
    public void Multiplication_is_a_multiple_of_the_read_current_and_the_power_of_the_units()
    {
        double read = Voltage * (Power("idd4r", Dimension.Current) - Power("idd3n", Dimension.Current)) * Time("nBL") * Ns;
        AssertBooked(8 * 64 * read * Number("macReadFactor"), PimEnergyComponent.MacArray, 1e-9);
        double units = (double)_sheet.Quantity(_sheet.Root.Required("processing"), "unitPower", Dimension.Power) * 1e-6;
        AssertBooked(8 * 64 * units * Time("tCCDMAC") * Ns, PimEnergyComponent.MacUnits, 1e-9);
    }

    [Fact]
    public void Pins_are_paid_by_the_bit()
    {
        double perBit = (double)_sheet.Quantity(_sheet.Root.Required("power"), "ioEnergy", Dimension.EnergyPerBit) * 1e-18;
        AssertBooked(8 * (64 + 1) * 32 * 8 * perBit, PimEnergyComponent.Io, 1e-9);
    }

    /// <summary>Powers are kept in whole microwatts, so the last digits differ.</summary>
    [Fact]
    public void Standby_is_paid_by_time_and_open_banks()
    {
        double closed = Voltage * Power("idd2n", Dimension.Current) * _end;
        double open = Voltage * OpenBankCurrent * 16 * (_closed - _opened);
        AssertBooked(8 * (closed + open) * Ns, PimEnergyComponent.Standby, 1e-4);
    }

    [Fact]
    public void The_asic_draws_its_static_power_only_and_nothing_else_costs()
    {
        AsicConfiguration asic = Asic.ShippedAsic.Read();
        AssertBooked(asic.StaticPower.Watts * _end * Ns, PimEnergyComponent.AsicStatic, 1e-9);
        AssertBooked(0, PimEnergyComponent.AsicDynamic, 0);
        AssertBooked(0, PimEnergyComponent.BankAccess, 0);
        AssertBooked(0, PimEnergyComponent.Refresh, 0);
    }

    [Fact]
    public void Time_goes_to_multiplying_transfers_modes_and_opening()
    {
        int row = LedgerRows.Of(OperatorRole.LmHead);
        double Booked(string component) => _ledger.Time(row, _ledger.TimeComponents.ToList().IndexOf(component)).Seconds / Ns;
        Assert.Equal(64 * Time("tCCDMAC"), Booked("mac-bound") + Booked("idle-banks"), 1e-6);
        Assert.Equal(_end, _ledger.TimeComponents.Sum(Booked), 1e-6);
        Assert.Equal(0, Booked("refresh") + Booked("bank-access") + Booked("asic"));
    }

    private double Voltage => Power("voltage", Dimension.Voltage);

    private double OpenBankCurrent => (Power("idd3n", Dimension.Current) - Power("idd2n", Dimension.Current)) / Number("idd3nOpenBanks");

    private void AssertBooked(double joules, PimEnergyComponent component, double tolerance)
    {
        double booked = _ledger.Energy(LedgerRows.Of(OperatorRole.LmHead), (int)component).Joules;
        Assert.InRange(booked, joules * (1 - tolerance), joules * (1 + tolerance));
    }

    /// <summary>Volts or amperes.</summary>
    private double Power(string key, Dimension dimension) =>
        (double)_sheet.Quantity(_sheet.Root.Required("power"), key, dimension) * (dimension == Dimension.Voltage ? 1e-3 : 1e-6);

    private double Number(string key) => double.Parse(_sheet.Root.Required("power").Required(key).Required("value").RawText, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Nanoseconds, rounded up to whole cycles.</summary>
    private double Time(string key)
    {
        DataNode timings = _sheet.Root.Required("timings");
        return key[0] == 'n' ? _sheet.Integer(timings, key, 0, 100) : Math.Ceiling((double)_sheet.Quantity(timings, key, Dimension.Time) * 1e-3);
    }
}
