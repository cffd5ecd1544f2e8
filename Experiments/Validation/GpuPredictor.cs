using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Validation;

/// <summary>A GPU with a stack, and its links for collectives.</summary>
public sealed class GpuPredictor : IOperatorPredictor
{
    private const double NanosecondsPerPicosecond = 1e-3;
    private const double NanosecondsPerSecond = 1e9;

    private readonly GpuSpecification _gpu;
    private readonly GpuCostModel _costs;
    private readonly CollectivePredictor? _collectives;
    private readonly double _launchNs;

    /// <summary>Joins the parts.</summary>
    /// <exception cref="PimSimUserException">The stack does not run on this GPU.</exception>
    public GpuPredictor(GpuParts parts, CollectivePredictor? collectives)
    {
        ArgumentNullException.ThrowIfNull(parts);
        _costs = new GpuCostModel(parts.Gpu, parts.Silicon, parts.Stack);
        _gpu = parts.Gpu;
        _collectives = collectives;
        _launchNs = parts.Stack.Capture == GraphCapture.AllSteps ? 0 : parts.Stack.LaunchCost.Value * NanosecondsPerPicosecond;
    }

    /// <inheritdoc/>
    public double? StaticWatts => _costs.StaticPower.Watts;

    /// <inheritdoc/>
    public OperatorPrediction Predict(in Operator op, bool sustained)
    {
        switch (op.Kind)
        {
            case OperatorKind.Opaque:
                throw new PimSimUserException("its shape is not known");
            case OperatorKind.Collective:
                return new OperatorPrediction(Collectives().Nanoseconds(op), 0, null);
            default:
                GpuOperatorCost cost = _costs.Of(op);
                return new OperatorPrediction(cost.SpanPs(sustained) * NanosecondsPerPicosecond, cost.Kernels, cost.Energy.Joules);
        }
    }

    /// <inheritdoc/>
    public double WithLaunches(int kernels, double nanoseconds) => kernels == 0
        ? nanoseconds
        : LaunchQueue.End(0, 0, _launchNs, kernels, nanoseconds, nanoseconds / kernels);

    /// <inheritdoc/>
    public RooflineTerms Roofline(in Operator op)
    {
        if (op.Kind == OperatorKind.Collective)
        {
            return new RooflineTerms(0, Collectives().WireNanoseconds(op));
        }

        OperatorCost cost = OperatorCost.Of(op);
        double peak = _gpu.PeakFlopsPerSecond.GetValueOrDefault(op.ActivationType, double.PositiveInfinity);
        return new RooflineTerms(cost.Flops / peak * NanosecondsPerSecond, cost.Bytes / _gpu.BytesPerSecond * NanosecondsPerSecond);
    }

    private CollectivePredictor Collectives() => _collectives ?? throw new PimSimUserException($"the data sheet of '{_gpu.Name}' names no link between devices; --link names one");
}
