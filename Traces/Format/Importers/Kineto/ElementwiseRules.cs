using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>Table look-ups, nonlinearities, sums and the choice of a token.</summary>
internal static class ElementwiseRules
{
    /// <summary>embedding(weight [vocabulary, width], indices, ...).</summary>
    public static bool Embedding(OperatorArguments arguments, out Operator op)
    {
        op = default;
        if (arguments.Sizes(0).Length != 2
            || !TensorShape.TryRows(arguments.Sizes(0), out _, out int width)
            || arguments.Sizes(1).IsEmpty
            || !TensorShape.TryCount(arguments.Sizes(1), out int rows)
            || arguments.Type(1) != TensorType.Index
            || !arguments.Type(0).TryData(out DataType type))
        {
            return false;
        }

        op = TensorShape.New(OperatorKind.Embedding, OperatorRole.Embedding, rows, type) with { Outputs = width };
        return true;
    }

    /// <summary>A nonlinearity of one tensor.</summary>
    public static bool Activation(OperatorArguments arguments, ActivationKind kind, out Operator op)
    {
        op = default;
        if (!TensorShape.TryRows(arguments.Sizes(0), out int rows, out int width) || !arguments.Type(0).TryData(out DataType type))
        {
            return false;
        }

        op = TensorShape.New(OperatorKind.Activation, OperatorRole.Other, rows, type) with { Outputs = width, Activation = kind };
        return true;
    }

    /// <summary>nonlinearity(gate) * up: (result [..., width], input [..., 2 width]).</summary>
    public static bool Gated(OperatorArguments arguments, ActivationKind kind, out Operator op) =>
        Activation(arguments, kind, out op)
        && TensorShape.TryRows(arguments.Sizes(1), out int rows, out int width)
        && rows == op.Rows
        && width == 2L * op.Outputs
        && arguments.Type(1) == arguments.Type(0);

    /// <summary>add(self, other, alpha) of two equal shapes with nothing broadcast.</summary>
    public static bool Add(OperatorArguments arguments, out Operator op)
    {
        op = default;
        if (!TensorShape.TryRows(arguments.Sizes(0), out int rows, out int width)
            || !arguments.Sizes(0).SequenceEqual(arguments.Sizes(1))
            || arguments.Type(1) != arguments.Type(0)
            || arguments.Value(2) is not (null or 1)
            || !arguments.Type(0).TryData(out DataType type))
        {
            return false;
        }

        op = TensorShape.New(OperatorKind.Add, OperatorRole.Other, rows, type) with { Outputs = width };
        return true;
    }

    /// <summary>argmax(self [rows, inputs], dim, keepdim) over the last dimension, which must have been recorded.</summary>
    public static bool ArgMax(OperatorArguments arguments, out Operator op)
    {
        op = default;
        if (!TensorShape.TryRows(arguments.Sizes(0), out int rows, out int width)
            || arguments.Value(1) is not long dimension
            || (dimension != -1 && dimension != arguments.Sizes(0).Length - 1)
            || !arguments.Type(0).TryData(out DataType type))
        {
            return false;
        }

        op = TensorShape.New(OperatorKind.Sample, OperatorRole.Sample, rows, type) with { Inputs = width };
        return true;
    }
}
