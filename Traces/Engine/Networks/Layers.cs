using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Networks;

/// <summary>A matrix with its bias, and what it is for.</summary>
/// <param name="Role">What products with it are for.</param>
/// <param name="Matrix">[outputs, inputs].</param>
/// <param name="HasBias">Whether one is added.</param>
/// <param name="Bias">One number for each output; null where there is none, or no data.</param>
public sealed record LinearLayer(OperatorRole Role, WeightTensor Matrix, bool HasBias = false, float[]? Bias = null)
{
    /// <summary>Width of what goes in.</summary>
    public int Inputs => Matrix.Columns;

    /// <summary>Width of what comes out.</summary>
    public int Outputs => Matrix.Rows;
}

/// <summary>Scale and shift of a normalisation, and what it is for.</summary>
/// <param name="Role">What it is for.</param>
/// <param name="Kind">Which.</param>
/// <param name="Width">Numbers of a row.</param>
/// <param name="Scale">One number for each column; empty where there is no data.</param>
/// <param name="Shift">The same; empty for an RMS normalisation.</param>
/// <param name="Type">Storage.</param>
/// <param name="Epsilon">Added to the variance or mean square.</param>
public sealed record NormLayer(OperatorRole Role, NormKind Kind, int Width, float[] Scale, float[] Shift, DataType Type, double Epsilon = 1e-5);

/// <summary>A matrix of whole numbers with a scale for each output, for products in integers.</summary>
/// <param name="Role">What products with it are for.</param>
/// <param name="Integers">[outputs, inputs]: whole numbers of <paramref name="Type"/>, in any storage; without data where there is none.</param>
/// <param name="Type">Integers that are computed in; those that come in have it too.</param>
/// <param name="Scales">One for each output; empty where there is no data.</param>
public sealed record IntegerLayer(OperatorRole Role, WeightTensor Integers, DataType Type, float[] Scales)
{
    /// <summary>Width of what goes in.</summary>
    public int Inputs => Integers.Columns;

    /// <summary>Width of what comes out.</summary>
    public int Outputs => Integers.Rows;
}
