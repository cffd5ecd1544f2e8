using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Asic;

/// <summary>A data sheet of kind <c>asic</c>. Fields and formulas are in docs/asic.md.</summary>
public sealed record AsicConfiguration
{
    /// <summary>The kind in the catalogue file.</summary>
    public const string Kind = "asic";

    /// <summary>Name of the catalogue entry.</summary>
    public required string Name { get; init; }

    /// <summary>The clock of adders, multipliers and SRAM.</summary>
    public required ClockDomain Clock { get; init; }

    /// <summary>Pipelined adders; each starts one operation per cycle.</summary>
    public required int Adders { get; init; }

    /// <summary>Pipelined multipliers; each starts one operation per cycle.</summary>
    public required int Multipliers { get; init; }

    /// <summary>Cycles from the operands to the result of an adder or a multiplier.</summary>
    public required int UnitLatency { get; init; }

    /// <summary>Capacity of the buffer, in bytes.</summary>
    public required long SramBytes { get; init; }

    /// <summary>How elements lie in the buffer.</summary>
    public required DataType DataType { get; init; }

    /// <summary>Precision of the special functions.</summary>
    public required SeriesPrecision Precision { get; init; }

    /// <summary>Power drawn whether the ASIC works or not.</summary>
    public required Power StaticPower { get; init; }

    /// <summary>Energy of one pass through an adder, with its share of buffer and control.</summary>
    public required Energy AddEnergy { get; init; }

    /// <summary>Energy of one pass through a multiplier, with its share of buffer and control.</summary>
    public required Energy MultiplyEnergy { get; init; }

    /// <summary>Core area in square millimetres.</summary>
    public required decimal AreaSquareMillimetres { get; init; }

    /// <summary>
    /// Reads a data sheet. Faults go to the problem list that the entry was opened with: call
    /// <see cref="ProblemList.ThrowIfAny"/> before the result is used.
    /// </summary>
    public static AsicConfiguration Read(CatalogueEntry entry)
    {
        DataNode root = entry.Root;
        root.Optional("kind").Word([Kind], Kind);
        AsicPowerSheet power = AsicPowerSheet.Read(entry, root.Required("power"));
        AsicConfiguration configuration = new()
        {
            Name = entry.Name,
            Clock = ClockDomain.FromFrequency(AsicPowerSheet.ReadFrequency(entry, root, "clock")),
            Adders = entry.Integer(root, "adders", 1, int.MaxValue),
            Multipliers = entry.Integer(root, "multipliers", 1, int.MaxValue),
            UnitLatency = entry.Integer(root, "unitLatency", 1, 1000),
            SramBytes = (long)entry.Quantity(root, "sram", Dimension.Size),
            DataType = DataTypes.Parse(entry.Unwrap(root.Required("dataType")).Word([.. DataTypes.Names], "bf16")),
            Precision = new(
                entry.Integer(root, "taylorDegree", 1, SeriesPrecision.MaximalTaylorDegree),
                entry.Integer(root, "reciprocalNewtonSteps", 0, 10),
                entry.Integer(root, "inverseSqrtNewtonSteps", 0, 10)),
            StaticPower = power.StaticPower,
            AddEnergy = power.AddEnergy,
            MultiplyEnergy = power.MultiplyEnergy,
            AreaSquareMillimetres = entry.Quantity(root, "area", Dimension.Area),
        };
        root.RejectUnknownKeys();
        return configuration;
    }
}
