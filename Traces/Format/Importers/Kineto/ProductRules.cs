using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>Matrix products: [rows, inputs] x [inputs, outputs].</summary>
internal static class ProductRules
{
    /// <summary>A tensor times a matrix, with a bias of one row if <paramref name="bias"/> is an argument.</summary>
    public static bool Product(OperatorArguments arguments, int left, int right, int bias, out Operator op)
    {
        op = default;
        ReadOnlySpan<long> matrix = arguments.Sizes(right);

        // addmm adds a whole matrix too; only a row of outputs is the bias of a layer.
        return matrix.Length == 2
            && Gemm(arguments, left, right, matrix[0], matrix[1], bias, out op);
    }

    /// <summary>linear(input, weight [outputs, inputs], bias): the bias may be absent.</summary>
    public static bool Linear(OperatorArguments arguments, out Operator op)
    {
        op = default;
        ReadOnlySpan<long> weight = arguments.Sizes(1);
        return weight.Length == 2
            && Gemm(arguments, 0, 1, weight[1], weight[0], arguments.Sizes(2).IsEmpty ? -1 : 2, out op);
    }

    /// <summary>
    /// bmm of one pair of matrices. A batch of several has no operator: repeating a product would launch it as often, which
    /// the one kernel that was measured did not.
    /// </summary>
    public static bool SingleBatch(OperatorArguments arguments, out Operator op)
    {
        op = default;
        ReadOnlySpan<long> left = arguments.Sizes(0);
        ReadOnlySpan<long> right = arguments.Sizes(1);
        return left.Length == 3
            && right.Length == 3
            && left[0] == 1
            && right[0] == 1
            && Gemm(arguments, 0, 1, right[1], right[2], -1, out op);
    }

    private static bool Gemm(OperatorArguments arguments, int left, int right, long inputs, long outputs, int bias, out Operator op)
    {
        op = default;
        if (!TensorShape.TryRows(arguments.Sizes(left), out int rows, out int width)
            || width != inputs
            || !TensorShape.TryCount([outputs], out int columns)
            || !arguments.Type(left).TryData(out DataType activation)
            || arguments.Type(right) != arguments.Type(left)
            || (bias >= 0 && (arguments.Sizes(bias).Length != 1 || arguments.Sizes(bias)[0] != outputs)))
        {
            return false;
        }

        op = TensorShape.New(OperatorKind.Gemm, OperatorRole.Other, rows, activation) with { Inputs = width, Outputs = columns, Bias = bias >= 0 };
        return true;
    }
}
