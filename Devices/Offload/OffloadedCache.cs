using System.Globalization;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Offload;

/// <summary>
/// The pool of a cluster as a trace sees it: all sequences do the same. By heads every device has an equal part of all of them; by requests the
/// sequences are spread as evenly as can be, and the device that has most sets the time. One device is simulated.
/// </summary>
internal sealed class OffloadedCache(OffloadDefinition system)
{
    private readonly IAttentionDevice _device = system.CreateAttention();
    private readonly int _devices = system.AttentionDevices;
    private readonly bool _byRequests = system.Partition == AttentionPartition.Requests;
    private int _sequences = 1;

    /// <summary>Power of all devices at all times.</summary>
    public Power StaticPower => new(_device.StaticPower.Microwatts * _devices);

    /// <summary>How keys and values are stored.</summary>
    public DataType KvType => _device.KvType;

    /// <summary>Puts the cache of a model onto the devices.</summary>
    /// <param name="footprint">What one of the model workers would hold.</param>
    /// <exception cref="PimSimUserException">It cannot be shared out, or does not fit, with both sizes.</exception>
    public void Load(ModelFootprint footprint)
    {
        if (footprint.HeadDim < 1 || footprint.KvWidth < 1)
        {
            throw new PimSimUserException($"{system.Name}: '{footprint.Model}' says nothing of keys and values, so that there is no attention to offload; take a system of one node");
        }

        _sequences = footprint.Sequences;
        int heads = footprint.KvWidth / footprint.HeadDim * footprint.Ranks;
        CachePart part = new(footprint.Model, footprint.Layers, system.KvHeadsOfDevice(footprint.Model, heads), footprint.HeadDim, footprint.ReservedContext, footprint.KvType);
        long room = _device.Load(part);
        long perToken = _device.KvType.Bytes(2L * part.Layers * part.KvHeads * part.HeadDim);
        if (system.SharedMemory)
        {
            room -= CeilingDivision.Of(CeilingDivision.Of(footprint.WeightBytes * footprint.Ranks, (long)_devices), perToken);
        }

        long page = Math.Max(1, _device.PageTokens);
        long sequences = _byRequests ? Busiest(footprint.Sequences) : footprint.Sequences;
        long others = CeilingDivision.Of(CeilingDivision.Of(footprint.OtherKvBytes * footprint.Ranks, (long)_devices), perToken);
        long needed = (sequences * CeilingDivision.Of((long)footprint.ReservedContext, page) * page) + others;
        if (needed > room)
        {
            throw new PimSimUserException(string.Create(
                CultureInfo.InvariantCulture,
                $"{system.Name}: the keys and values of '{footprint.Model}' do not fit an attention device '{_device.Name}': {sequences} x {footprint.ReservedContext} tokens{(others > 0 ? $" and other caches of {others}" : "")} need room for {needed}, and there is room for {Math.Max(0, room)}"));
        }
    }

    /// <summary>What the busiest device gets of a message that is <paramref name="bytes"/> long, as many for each sequence.</summary>
    public long BusiestBytes(long bytes, int sequences) => _byRequests
        ? CeilingDivision.Of(bytes, (long)Math.Max(1, sequences)) * Busiest(sequences)
        : CeilingDivision.Of(bytes, (long)_devices);

    /// <summary>What the device takes that has most to do, and the energy of all beside that of the static power.</summary>
    /// <param name="op">The operator as one of the model workers would run it.</param>
    /// <exception cref="PimSimUserException">The devices of the pool cannot run it.</exception>
    public AttentionCost Cost(in Operator op)
    {
        int ranks = system.Gpus;
        bool overHeads = op.Kind is OperatorKind.Attention or OperatorKind.AttentionScores or OperatorKind.KvAppend;
        Operator whole = overHeads ? op with { Heads = op.Heads * ranks, KvHeads = op.KvHeads * ranks } : op;
        if (!_byRequests)
        {
            Operator part = overHeads
                ? whole with { Heads = whole.Heads / _devices, KvHeads = system.KvHeadsOfDevice(system.Name, whole.KvHeads) }
                : whole.Kind is OperatorKind.Gather or OperatorKind.Scatter
                    ? whole with { Outputs = CeilingDivision.Of(whole.Outputs, _devices) }
                    : whole with { Rows = CeilingDivision.Of(whole.Rows, _devices) };
            AttentionCost each = _device.Cost(part);
            return new AttentionCost(each.Time, each.Dynamic * _devices);
        }

        int sequences = op.Sequences > 0 ? op.Sequences : whole.Rows % _sequences == 0 ? _sequences : whole.Rows;
        int less = sequences / _devices;
        int odd = sequences % _devices;
        AttentionCost most = _device.Cost(Of(whole, Busiest(sequences), sequences));
        AttentionCost others = odd == 0 || less == 0 ? default : _device.Cost(Of(whole, less, sequences));
        return new AttentionCost(most.Time, odd == 0 ? most.Dynamic * _devices : (most.Dynamic * odd) + (others.Dynamic * (_devices - odd)));
    }

    private static Operator Of(in Operator whole, int sequences, int ofSequences) => whole with
    {
        Rows = whole.Rows / ofSequences * sequences,
        Sequences = whole.Sequences > 0 ? sequences : 0,
    };

    private int Busiest(int sequences) => CeilingDivision.Of(sequences, _devices);
}
