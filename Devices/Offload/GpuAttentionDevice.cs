using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Offload;

/// <summary>A GPU whose memory holds nothing but keys and values.</summary>
public sealed class GpuAttentionDevice : IAttentionDevice
{
    private readonly GpuSpecification _gpu;
    private readonly GpuStack _stack;
    private readonly GpuCostModel _costs;

    /// <summary>Joins a GPU, its silicon and its software.</summary>
    /// <exception cref="PimSimUserException">The stack does not run on this GPU.</exception>
    public GpuAttentionDevice(GpuParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        _gpu = parts.Gpu;
        _stack = parts.Stack;
        _costs = new GpuCostModel(parts.Gpu, parts.Silicon, parts.Stack);
    }

    /// <inheritdoc/>
    public string Name => _gpu.Name;

    /// <inheritdoc/>
    public Power StaticPower => _costs.StaticPower;

    /// <inheritdoc/>
    public DataType KvType => _stack.KvType;

    /// <inheritdoc/>
    public bool IsSerial => false;

    /// <inheritdoc/>
    public int PageTokens => 1;

    /// <inheritdoc/>
    public long Load(CachePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return _stack.UsableBytes(_gpu) / KvType.Bytes(2L * part.Layers * part.KvHeads * part.HeadDim);
    }

    /// <inheritdoc/>
    public AttentionCost Cost(in Operator op)
    {
        GpuOperatorCost cost = _costs.Of(_costs.Stored(op));
        long span = cost.TotalPs;
        if (cost.Kernels > 0)
        {
            long launch = _stack.LaunchOf(op.Phase, _gpu.Architecture).Value;
            span = LaunchQueue.End(0, 0, launch, cost.Kernels, span, CeilingDivision.Of(span, cost.Kernels));
        }

        return new AttentionCost(new Picoseconds(span), Energy.FromJoules(cost.Energy.Joules));
    }
}
