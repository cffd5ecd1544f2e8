using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Pim;

/// <summary>
/// What a PIM device needs of a trace that it did not make itself: weights and caches lie where the footprint puts them, so that a product
/// or a cache that the footprint does not have lies nowhere.
/// </summary>
internal sealed class PimTraceCheck
{
    private const string OneCache = "its banks are mapped for attention over one cache alone: run decoder-only models on it, or this one on a processor";
    private const string NoHost = "a PIM system is memory and an ASIC, and nothing says what a host beside it takes; run the technique on a system with a software stack";
    private const int MultipliedBits = 16;

    private readonly string _device;
    private readonly ModelFootprint _footprint;
    private readonly bool _cacheAlone;
    private readonly Dictionary<(OperatorRole Role, int Inputs, int Outputs), WeightMatrix> _matrices = [];

    /// <summary>Checks the footprint.</summary>
    /// <param name="device">Name, for messages.</param>
    /// <param name="footprint">What the banks hold.</param>
    /// <param name="cacheAlone">They hold a cache and no matrices, so that nothing but attention and its cache writes can run.</param>
    /// <exception cref="PimSimUserException">It does not say what is needed.</exception>
    public PimTraceCheck(string device, ModelFootprint footprint, bool cacheAlone = false)
    {
        _cacheAlone = cacheAlone;
        _device = device;
        _footprint = footprint;
        foreach (WeightMatrix matrix in PimLayout.Merged(footprint))
        {
            _matrices.Add((matrix.Role, matrix.Inputs, matrix.Outputs), matrix);
        }

        if (Has(OperatorRole.CrossKvProjection))
        {
            throw new PimSimUserException($"{device}: {footprint.Model} is an encoder-decoder; {OneCache}");
        }

        if (!(cacheAlone || Has(OperatorRole.LmHead)) || footprint.HeadDim < 1 || footprint.KvWidth < 1 || footprint.KvWidth % footprint.HeadDim != 0
            || Math.Min(footprint.ReservedContext, footprint.Sequences) < 1)
        {
            throw new PimSimUserException($"{device}: the trace of {footprint.Model} does not say the model's matrices and cache, which a PIM system lays out before it runs; replay it on a processor");
        }
    }

    /// <summary>Refuses an operator that has no place.</summary>
    /// <exception cref="PimSimUserException">With the reason.</exception>
    public void Check(in Operator op, int instance)
    {
        string? fault = op.Kind switch
        {
            not (OperatorKind.Attention or OperatorKind.KvAppend or OperatorKind.AttentionScores or OperatorKind.Gather or OperatorKind.TopK or OperatorKind.Softmax or OperatorKind.Elementwise)
                when _cacheAlone => "it holds keys and values alone",
            OperatorKind.Gemm => Product(op, instance),
            OperatorKind.Attention or OperatorKind.AttentionScores when op.Bias => $"it is biased by position; {OneCache}",
            OperatorKind.Attention or OperatorKind.AttentionScores or OperatorKind.KvAppend => Cache(op, instance),
            OperatorKind.Opaque => "it was measured and has no shape, so that nothing can be predicted for it; replay the trace on a processor, which takes the measured time",
            OperatorKind.Collective => "it is communication between devices, which no device runs by itself",
            OperatorKind.HostWork or OperatorKind.HostCopy => NoHost,
            OperatorKind.Quantise or OperatorKind.Dequantise => $"its MAC units multiply {MultipliedBits}-bit numbers, and integers with scales are none",
            OperatorKind.Gather or OperatorKind.TopK or OperatorKind.Softmax or OperatorKind.Elementwise => null,
            > OperatorKind.Opaque => "PIM memory and its ASIC run the operators of a decoder and of what beside it works on rows (elementwise, softmax, top-k, gather, scores); replay the trace on a processor",
            _ => null,
        };
        if (fault is not null)
        {
            throw new PimSimUserException($"{_device}: cannot run {op.Kind} ({op.Label ?? op.Role.ToString()}) [{op.Rows}, {op.Inputs}] to {op.Outputs}, context {op.Context}, instance {instance}: {fault}");
        }
    }

    private string? Product(in Operator op, int instance)
    {
        if (!_matrices.TryGetValue((op.Role, op.Inputs, op.Outputs), out WeightMatrix matrix))
        {
            OperatorRole role = op.Role;
            string[] shapes = [.. _matrices.Values.Where(known => known.Role == role).Select(known => $"[{known.Inputs}, {known.Outputs}]")];
            return shapes.Length switch
            {
                0 => "the model has no such matrix",
                1 => $"the model's matrix is {shapes[0]}",
                _ => $"the model's matrices are {string.Join(", ", shapes)}",
            };
        }

        if (op.WeightType.Bits() != MultipliedBits || op.ActivationType.Bits() < MultipliedBits)
        {
            return $"its MAC units multiply {MultipliedBits}-bit numbers, not {op.WeightType} with {op.ActivationType}";
        }

        return instance < matrix.Instances ? null : $"the model has {matrix.Instances} of them";
    }

    private bool Has(OperatorRole role) => _matrices.Keys.Any(key => key.Role == role);

    private string? Cache(in Operator op, int instance)
    {
        if (op.KvType.Bits() != MultipliedBits)
        {
            return $"its MAC units multiply {MultipliedBits}-bit numbers, and the cache is {op.KvType}";
        }

        if (instance >= _footprint.Layers)
        {
            return $"the model has {_footprint.Layers} layers";
        }

        if (op.Context > _footprint.ReservedContext || op.Sequences > _footprint.Sequences)
        {
            return $"the cache has room for {_footprint.ReservedContext} tokens x {_footprint.Sequences}";
        }

        return op.HeadDim == _footprint.HeadDim && op.KvHeads * (long)op.HeadDim == _footprint.KvWidth
            ? null
            : $"the cache has {_footprint.KvWidth / _footprint.HeadDim} heads of {_footprint.HeadDim}";
    }
}
