using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>Normalisations over the last dimension.</summary>
internal static class NormRules
{
    /// <summary>layer_norm(input, normalized_shape, weight, bias, eps): both must be there, as ours has both.</summary>
    public static bool LayerNorm(OperatorArguments arguments, out Operator op) =>
        Norm(arguments, 0, 2, NormKind.LayerNorm, out op) && arguments.Sizes(3).SequenceEqual(arguments.Sizes(2));

    /// <summary>rms_norm(input, normalized_shape, weight, eps).</summary>
    public static bool RmsNorm(OperatorArguments arguments, out Operator op) => Norm(arguments, 0, 2, NormKind.RmsNorm, out op);

    /// <summary>rms_norm(result, input, weight, epsilon).</summary>
    public static bool VllmRmsNorm(OperatorArguments arguments, out Operator op) =>
        Norm(arguments, 1, 2, NormKind.RmsNorm, out op) && arguments.Sizes(0).SequenceEqual(arguments.Sizes(1));

    private static bool Norm(OperatorArguments arguments, int input, int weight, NormKind kind, out Operator op)
    {
        op = default;
        if (!TensorShape.TryRows(arguments.Sizes(input), out int rows, out int width)
            || arguments.Sizes(weight).Length != 1
            || arguments.Sizes(weight)[0] != width
            || !arguments.Type(input).TryData(out DataType activations)
            || !arguments.Type(weight).TryData(out DataType weights))
        {
            return false;
        }

        op = TensorShape.New(OperatorKind.Norm, OperatorRole.Other, rows, activations) with
        {
            Inputs = width,
            Outputs = width,
            Norm = kind,
            WeightType = weights,
        };
        return true;
    }
}
