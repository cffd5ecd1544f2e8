using System.Collections.Immutable;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Devices.Stacks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Gpu;

/// <summary>Which kernels a stack makes of an operator on a GPU, and what they take. Does not cache; operators are in the stack's types.</summary>
public sealed class OperatorKernels
{
    /// <summary>A transform of so many points fits in shared memory; a longer one passes twice over memory.</summary>
    private const int TransformPoints = 4096;

    private const int ScoreBits = 16;

    private readonly GpuSpecification _gpu;
    private readonly GpuStack _stack;
    private readonly Dictionary<DataType, KernelMachine> _machines = [];

    /// <summary>Joins a data sheet and a stack.</summary>
    /// <exception cref="PimSimUserException">The GPU does not compute in the stack's type, or the stack has no kernels for it.</exception>
    public OperatorKernels(GpuSpecification gpu, GpuStack stack)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(stack);
        _gpu = gpu;
        _stack = stack;
        foreach (DataType type in gpu.PeakFlopsPerSecond.Keys)
        {
            _machines[type] = gpu.Machine(type);
        }

        gpu.Machine(stack.ActivationType);
        Stream = Find(stack.Streams, "elementwise", stack.ActivationType).Constants;
        Find(stack.Gemm, "gemm", stack.ActivationType);
    }

    private StreamConstants Stream { get; }

    /// <summary>Whether kernels of this kind pass over their data once.</summary>
    public static bool IsStream(OperatorKind kind) => kind is not (OperatorKind.Gemm or OperatorKind.GroupedGemm or OperatorKind.Convolution
        or OperatorKind.Attention or OperatorKind.Opaque or OperatorKind.Collective);

    /// <summary>What the kernels of an operator take, one after the other; zero for one that is fused into another.</summary>
    /// <exception cref="PimSimUserException">The GPU or the stack has nothing for its types.</exception>
    public KernelTime Time(in Operator op)
    {
        int kernels = _stack.Kernels.Of(op);
        return kernels == 0
            ? default
            : op.Kind switch
            {
                OperatorKind.Gemm => Product(op, 1, op.Rows, op.Outputs, op.Inputs),
                OperatorKind.GroupedGemm => Experts(op),
                OperatorKind.Convolution => Convolution(op),
                OperatorKind.Attention => Attention(op, kernels),
                OperatorKind.KvAppend when _stack.ConcatenationWeight > 0 && (long)op.Context * op.Sequences > op.Rows => Concatenation(op, kernels),
                _ => Passes(op, kernels),
            };
    }

    private KernelTime Product(in Operator op, long batch, long rows, long columns, long inner)
    {
        DataType type = op.ActivationType;
        KernelMachine machine = MachineOf(type);
        GemmShape shape = new(batch, rows, columns, inner, type.Bits(), op.WeightType.Bits(), Math.Max(type.Bits(), ScoreBits));
        return GemmKernel.Time(shape, machine, Find(_stack.Gemm, "gemm", type).Constants);
    }

    private KernelTime Experts(in Operator op)
    {
        if (_stack.Experts.IsEmpty)
        {
            return Product(op, op.Experts, CeilingDivision.Of(op.Rows, op.Experts), op.Outputs, op.Inputs);
        }

        DataType type = op.ActivationType;
        GemmShape shape = new(op.Experts, 0, op.Outputs, op.Inputs, type.Bits(), op.WeightType.Bits(), Math.Max(type.Bits(), ScoreBits));
        return ExpertKernel.Time(shape, op.Rows, MachineOf(type), Find(_stack.Experts, "experts", type).Constants);
    }

    /// <summary>An implicit product: the windows are the rows, and are read in place.</summary>
    private KernelTime Convolution(in Operator op)
    {
        long tokens = OperatorCost.ConvolvedTokens(op.Rows / op.Sequences, op.Taps, op.Stride, op.Padding) * op.Sequences;
        return tokens == 0 ? default : Product(op, 1, tokens, op.Outputs, (long)op.Taps * op.Inputs);
    }

    /// <summary>Whether an attention is that of sequences that take one token each in a step that also reads prompts.</summary>
    internal static bool AmongPrompts(in Operator op) => op.Kind == OperatorKind.Attention && op.Phase == Phase.Prefill && op.Rows == op.Sequences;

    private KernelTime Attention(in Operator op, int kernels)
    {
        long queries = op.Rows / op.Sequences;
        AttentionShape shape = new(
            op.Sequences,
            queries,
            op.Context,
            op.Heads,
            op.KvHeads,
            op.HeadDim,
            op.Mask == AttentionMask.Causal,
            op.ActivationType.Bits() / 8.0,
            op.KvType.Bits() / 8.0);
        KernelMachine machine = MachineOf(op.ActivationType);
        if (_stack.DecodeAttention.IsEmpty)
        {
            return Materialised(op, shape, kernels);
        }

        DecodeAttentionConstants decode = Find(_stack.DecodeAttention, "decode_attention", op.KvType).Constants;
        return queries <= decode.MostQueries && !(decode.JoinsPrompts && AmongPrompts(op))
            ? DecodeAttentionKernel.Time(shape, machine, decode)
            : PrefillAttentionKernel.Time(shape, machine, Find(_stack.PrefillAttention, "prefill_attention", op.KvType).Constants);
    }

    /// <summary>Two products with all scores in memory between them, and passes over the scores for scale, mask and softmax.</summary>
    private KernelTime Materialised(in Operator op, in AttentionShape shape, int kernels)
    {
        long batch = shape.Sequences * shape.Heads;
        DataType type = op.ActivationType;
        KernelMachine machine = MachineOf(type);
        GemmConstants constants = Find(_stack.Gemm, "gemm", type).Constants;
        KernelTime scores = GemmKernel.Time(new GemmShape(batch, shape.Queries, shape.Context, shape.HeadDim, type.Bits(), op.KvType.Bits(), type.Bits()), machine, constants);
        KernelTime values = GemmKernel.Time(new GemmShape(batch, shape.Queries, shape.HeadDim, shape.Context, type.Bits(), op.KvType.Bits(), type.Bits()), machine, constants);
        double scoreBytes = (double)batch * shape.Queries * shape.Context * type.Bits() / 8;
        double scoreFlops = (double)batch * shape.Queries * shape.Context;
        KernelTime pass = StreamKernel.Time(scoreBytes, scoreBytes, scoreFlops, 0, weight: 1, machine, Stream);
        return scores + values + (pass * Math.Max(0, kernels - 2));
    }

    /// <summary>Keys and values of all tokens, old and new, are read and written to a new place.</summary>
    private KernelTime Concatenation(in Operator op, int kernels)
    {
        double bytes = (double)op.KvType.Bytes(2L * op.KvHeads * op.HeadDim * op.Context * op.Sequences) / kernels;
        return StreamKernel.Time(bytes, bytes, 0, 0, _stack.ConcatenationWeight, MachineOf(op.ActivationType), Stream) * kernels;
    }

    /// <summary>Kernels that pass over their data once; of a chain of them, each.</summary>
    private KernelTime Passes(in Operator op, int kernels)
    {
        OperatorCost cost = OperatorCost.Of(op);
        int reductions = op.Kind switch
        {
            OperatorKind.Norm => op.Norm == NormKind.LayerNorm ? 2 : 1,
            OperatorKind.Sample or OperatorKind.TopK or OperatorKind.Quantise => 1,
            _ => 0,
        };
        double weight = op.Kind switch
        {
            OperatorKind.Embedding or OperatorKind.Gather or OperatorKind.Scatter or OperatorKind.SparseGemm or OperatorKind.KvAppend => Stream.GatherWeight,
            OperatorKind.Norm or OperatorKind.Rope or OperatorKind.Sample or OperatorKind.TopK or OperatorKind.Quantise or OperatorKind.Dequantise => Stream.RowWeight,
            OperatorKind.Activation => Stream.FunctionWeight,
            _ => 1,
        };
        int passes = op.Kind switch
        {
            OperatorKind.ChannelFft when op.Inputs > TransformPoints => 2,
            OperatorKind.TokenFft when op.Rows / op.Sequences > TransformPoints => 2,
            _ => 1,
        };
        KernelTime pass = StreamKernel.Time(cost.Bytes, 0, (double)cost.Flops / kernels, reductions, weight, MachineOf(op), Stream);
        return pass * (kernels * passes);
    }

    /// <summary>What the kernels of an operator see of the GPU: to move integers it needs no units for them.</summary>
    /// <exception cref="PimSimUserException">It has no units for the type.</exception>
    internal KernelMachine MachineOf(in Operator op) =>
        MachineOf(IsStream(op.Kind) && SoftwareStack.IsInteger(op.ActivationType) ? _stack.ActivationType : op.ActivationType);

    /// <summary>What kernels see of the GPU when they compute in a type.</summary>
    /// <exception cref="PimSimUserException">It has no units for the type.</exception>
    internal KernelMachine MachineOf(DataType type) => _machines.TryGetValue(type, out KernelMachine machine) ? machine : _gpu.Machine(type);

    private KernelFamily<T> Find<T>(ImmutableArray<KernelFamily<T>> families, string key, DataType type)
    {
        foreach (KernelFamily<T> family in families)
        {
            if (family.Serves(_gpu.Architecture, type))
            {
                return family;
            }
        }

        throw new PimSimUserException(
            $"stack '{_stack.Name}' has no '{key}' kernels for {_gpu.Architecture} ('{_gpu.Name}') in {DataTypes.Names[(int)type]}; {Describe(families)}");
    }

    private static string Describe<T>(ImmutableArray<KernelFamily<T>> families) => families.IsEmpty
        ? "it has none"
        : "it has " + string.Join(", ", families.Select(family =>
            $"{string.Join('/', family.Architectures).ToLowerInvariant()} in {string.Join('/', family.Types.Select(type => DataTypes.Names[(int)type]))}"));
}
