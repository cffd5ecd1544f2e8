using System.Collections.Immutable;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Networks;

/// <summary>
/// Declares the weights of networks and counts them. With a seed they are drawn as <see cref="RandomWeights"/> draws them, the same on any machine;
/// without, they have sizes and no numbers. Weights read from a file are only counted.
/// </summary>
public sealed class ParameterSet
{
    private readonly RandomTensors? _random;
    private readonly List<WeightMatrix> _matrices = [];
    private long _others;

    /// <summary>Starts with nothing declared.</summary>
    /// <param name="type">Storage of what is declared.</param>
    /// <param name="seed">Decides all numbers; null for none.</param>
    public ParameterSet(DataType type, ulong? seed)
    {
        Type = type;
        _random = seed is { } value ? new RandomTensors(type, value) : null;
    }

    /// <summary>Storage.</summary>
    public DataType Type { get; }

    /// <summary>Declared weights have numbers.</summary>
    public bool HasData => _random is not null;

    /// <summary>Matrices by role and size, in the order of their first declaration.</summary>
    public ImmutableArray<WeightMatrix> Matrices => [.. _matrices];

    /// <summary>Parameters in tables and vectors.</summary>
    public long OtherParameters => _others;

    /// <summary>A matrix, drawn with a standard deviation of <paramref name="gain"/> / sqrt(inputs), and its bias.</summary>
    public LinearLayer Linear(OperatorRole role, int inputs, int outputs, bool bias = false, double gain = 1)
    {
        Count(new WeightMatrix(role, inputs, outputs, bias, 1));
        return new LinearLayer(role, Matrix(outputs, inputs, gain / Math.Sqrt(inputs)), bias, bias ? _random?.Vector(outputs, 0) : null);
    }

    /// <summary>A normalisation.</summary>
    public NormLayer Norm(OperatorRole role, int width, NormKind kind, double epsilon = 1e-5)
    {
        bool shifted = kind == NormKind.LayerNorm;
        _others += shifted ? 2L * width : width;
        return new NormLayer(role, kind, width, _random?.Vector(width, 1) ?? [], (shifted ? _random?.Vector(width, 0) : null) ?? [], Type, epsilon);
    }

    /// <summary>A table whose rows are looked up, drawn with a standard deviation of 1 / sqrt(columns).</summary>
    public WeightTensor Table(int rows, int columns)
    {
        _others += (long)rows * columns;
        return Matrix(rows, columns, 1 / Math.Sqrt(columns));
    }

    /// <summary>A convolution over tokens with a bias.</summary>
    public ConvolutionWeights Convolution(int inputs, int outputs, int taps, int stride = 1, int padding = 0, bool depthwise = false)
    {
        int columns = depthwise ? taps : checked(taps * inputs);
        _others += ((long)outputs * columns) + outputs;
        return new ConvolutionWeights(Matrix(outputs, columns, 1 / Math.Sqrt(columns)), taps, stride, padding, depthwise, _random?.Vector(outputs, 0) ?? new float[outputs]);
    }

    /// <summary>Counts a matrix that comes from elsewhere.</summary>
    public void Count(WeightMatrix matrix)
    {
        int same = _matrices.FindIndex(known => known with { Instances = 0 } == matrix with { Instances = 0 });
        if (same < 0)
        {
            _matrices.Add(matrix);
        }
        else
        {
            _matrices[same] = _matrices[same] with { Instances = _matrices[same].Instances + matrix.Instances };
        }
    }

    /// <summary>Counts numbers in tables and vectors that come from elsewhere.</summary>
    public void CountOthers(long parameters) => _others += parameters;

    private WeightTensor Matrix(int rows, int columns, double deviation)
    {
        if (_random is null)
        {
            return new WeightTensor(Type, rows, columns, []);
        }

        WeightTensor matrix = _random.Matrix(rows, columns, deviation);
        _random.Fill();
        return matrix;
    }
}
