using System.Collections.Immutable;
using PimSim.Devices.Gpu;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Calibration;

/// <summary>One kernel family of a stack as something to fit: which operators are its, and the stack with other constants in it.</summary>
/// <param name="Section">Key of the sort of kernels in the stack file.</param>
/// <param name="Name">Key of the family in that section; empty for constants of the section itself.</param>
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
        return
        [
            .. Section(
                "gemm", stack.Gemm, GemmConstants.Definitions, constants => constants.Values,
                op => op.Kind == OperatorKind.Gemm ? op.ActivationType : null,
                (constants, values) => constants.With(values), families => stack with { Gemm = families }),
            .. Section(
                "experts", stack.Experts, ExpertConstants.Definitions, constants => constants.Values,
                op => op.Kind == OperatorKind.GroupedGemm ? op.ActivationType : null,
                (constants, values) => constants.With(values), families => stack with { Experts = families }),
            .. Section(
                "decode_attention", stack.DecodeAttention, DecodeAttentionConstants.Definitions, constants => constants.Values,
                op => op.Kind == OperatorKind.Attention && stack.StreamsContext(op, architecture) ? op.KvType : null,
                (constants, values) => constants.With(values), families => stack with { DecodeAttention = families }),
            .. Section(
                "prefill_attention", stack.PrefillAttention, PrefillAttentionConstants.Definitions, constants => constants.Values,
                op => op.Kind == OperatorKind.Attention && !stack.StreamsContext(op, architecture) ? op.KvType : null,
                (constants, values) => constants.With(values), families => stack with { PrefillAttention = families }),
            .. Section(
                "elementwise", stack.Streams, StreamConstants.Definitions, constants => constants.Values,
                op => OperatorKernels.IsStream(op.Kind) ? op.ActivationType : null,
                (_, values) => new StreamConstants(values), families => stack with { Streams = families }),
        ];

        IEnumerable<StackFamily> Section<T>(
            string section,
            ImmutableArray<KernelFamily<T>> families,
            ImmutableArray<KernelConstant> definitions,
            Func<T, ImmutableArray<double>> valuesOf,
            Func<Operator, DataType?> typeOf,
            Func<T, ImmutableArray<double>, T> with,
            Func<ImmutableArray<KernelFamily<T>>, GpuStack> put) =>
            from family in families
            where family.Architectures.Contains(architecture)
            select new StackFamily(
                section,
                family.Name,
                definitions,
                valuesOf(family.Constants),
                op => typeOf(op) is { } type && family.Types.Contains(type),
                values => put(families.Replace(family, family with { Constants = with(family.Constants, values) })));
    }
}
