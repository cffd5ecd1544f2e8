using PimSim.Devices.Asic;
using PimSim.Devices.Pim;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Offload;

/// <summary>
/// PIM memory and its ASIC with nothing but keys and values in the banks. The sequences of a batch run one after another, as the pair executes
/// everything; one of them is simulated command by command, and the others cost the same.
/// </summary>
public sealed class PimAttentionDevice : IAttentionDevice
{
    private readonly PimMemory _memory;
    private readonly PimDevice _device;
    private readonly OperatorCostCache<AttentionCost> _costs = new();
    private Picoseconds _now;

    /// <summary>Joins a memory and an ASIC.</summary>
    public PimAttentionDevice(string name, PimMemory memory, AsicModel asic)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(asic);
        _memory = memory;
        _device = new PimDevice(name, memory, asic, new PimSimulation(Accelerate: true));
        StaticPower = new Power((memory.Power.Standby.Microwatts * memory.Channels) + asic.Configuration.StaticPower.Microwatts);
    }

    /// <inheritdoc/>
    public string Name => _memory.Name;

    /// <inheritdoc/>
    public Power StaticPower { get; }

    /// <inheritdoc/>
    public DataType KvType { get; private set; } = DataType.Fp16;

    /// <inheritdoc/>
    public bool IsSerial => true;

    /// <inheritdoc/>
    public int PageTokens => _device.PageTokens;

    /// <inheritdoc/>
    public long Load(CachePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        KvType = part.KvType;
        return _device.LoadCache(new ModelFootprint(part.Model, [], 0, part.Layers, part.KvHeads * part.HeadDim, part.HeadDim, part.MostContext, 1, part.KvType, part.KvType));
    }

    /// <inheritdoc/>
    public AttentionCost Cost(in Operator op)
    {
        int sequences = Math.Max(1, op.Sequences);
        Operator one = op.Sequences > 1 ? op with { Rows = op.Rows / sequences, Sequences = 1 } : op;
        if (!_costs.TryGet(one, out AttentionCost cost))
        {
            Energy before = _device.Ledger.TotalEnergy;
            Picoseconds end = _device.Execute(one, 0, _now);
            Picoseconds span = end - _now;
            cost = new AttentionCost(span, _device.Ledger.TotalEnergy - before - (StaticPower * span));
            _now = end;
            _costs.Set(one, cost);
        }

        return cost * sequences;
    }
}
