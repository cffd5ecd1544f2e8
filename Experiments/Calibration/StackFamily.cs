using System.Collections.Immutable;
using PimSim.Devices.Gpu;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Calibration;

/// <summary>One kernel family of a stack as something to fit: which operators are its, and the stack with other constants in it.</summary>
/// <param name="Section">Key of the sort of kernels in the stack file.</param>
/// <param name="Name">Key of the family in that section.</param>
/// <param name="Definitions">Its constants.</param>
/// <param name="Values">Their present values, in that order.</param>
/// <param name="Holds">Whether an operator is one of its kernels.</param>
/// <param name="With">The stack with other values.</param>
public sealed record StackFamily(
    string Section,
    string Name,
    ImmutableArray<KernelConstant> Definitions,
    ImmutableArray<double> Values,
    Func<Operator, bool> Holds,
    Func<ImmutableArray<double>, GpuStack> With)
{
    /// <summary>All families of a stack that serve an architecture. An operator belongs to the first that holds it.</summary>
    public static ImmutableArray<StackFamily> Of(GpuStack stack, GpuArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(stack);
        List<StackFamily> families = [];
        foreach (KernelFamily<GemmConstants> family in stack.Gemm.Where(family => family.Architectures.Contains(architecture)))
        {
            families.Add(new StackFamily(
                "gemm",
                family.Name,
                GemmConstants.Definitions,
                family.Constants.Values,
                op => op.Kind == OperatorKind.Gemm && family.Types.Contains(op.ActivationType),
                values => stack with { Gemm = stack.Gemm.Replace(family, family with { Constants = family.Constants.With(values) }) }));
        }

        foreach (KernelFamily<DecodeAttentionConstants> family in stack.DecodeAttention.Where(family => family.Architectures.Contains(architecture)))
        {
            families.Add(new StackFamily(
                "decode_attention",
                family.Name,
                DecodeAttentionConstants.Definitions,
                family.Constants.Values,
                op => op.Kind == OperatorKind.Attention && OperatorKernels.IsStreamed(op) && family.Types.Contains(op.KvType),
                values => stack with { DecodeAttention = stack.DecodeAttention.Replace(family, family with { Constants = family.Constants.With(values) }) }));
        }

        foreach (KernelFamily<PrefillAttentionConstants> family in stack.PrefillAttention.Where(family => family.Architectures.Contains(architecture)))
        {
            families.Add(new StackFamily(
                "prefill_attention",
                family.Name,
                PrefillAttentionConstants.Definitions,
                family.Constants.Values,
                op => op.Kind == OperatorKind.Attention && !OperatorKernels.IsStreamed(op) && family.Types.Contains(op.KvType),
                values => stack with { PrefillAttention = stack.PrefillAttention.Replace(family, family with { Constants = family.Constants.With(values) }) }));
        }

        foreach (KernelFamily<StreamConstants> family in stack.Streams.Where(family => family.Architectures.Contains(architecture)))
        {
            families.Add(new StackFamily(
                "elementwise",
                family.Name,
                StreamConstants.Definitions,
                family.Constants.Values,
                op => OperatorKernels.IsStream(op.Kind) && family.Types.Contains(op.ActivationType),
                values => stack with { Streams = stack.Streams.Replace(family, family with { Constants = new StreamConstants(values) }) }));
        }

        return [.. families];
    }
}
