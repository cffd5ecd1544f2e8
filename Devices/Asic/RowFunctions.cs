namespace PimSim.Devices.Asic;

/// <summary>
/// The functions of the ASIC over a row of elements. Each is a sequence of stages; a stage is either one function of every
/// element, a reduction by a balanced tree, or a few operations on a scalar.
/// </summary>
/// <typeparam name="T">The word of the arithmetic.</typeparam>
/// <typeparam name="TArithmetic">What is done with it: computing or counting.</typeparam>
public readonly struct RowFunctions<T, TArithmetic>
    where T : struct
    where TArithmetic : struct, IArithmetic<T>
{
    private readonly TArithmetic _arithmetic;
    private readonly ElementFunctions<T, TArithmetic> _element;

    /// <summary>Functions of the given precision.</summary>
    public RowFunctions(TArithmetic arithmetic, SeriesPrecision precision)
    {
        _arithmetic = arithmetic;
        _element = new(arithmetic, precision);
    }

    /// <summary>softmax: exp(x - max) / sum of them.</summary>
    public void Softmax(ReadOnlySpan<T> x, Span<T> y)
    {
        T maximum = MaximumOf(x);
        _arithmetic.EndStage();
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _element.Exp(_arithmetic.Subtract(x[i], maximum));
        }

        _arithmetic.EndStage();
        T sum = SumOf(y[..x.Length]);
        _arithmetic.EndStage();
        T inverse = _element.Reciprocal(sum);
        _arithmetic.EndStage();
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _arithmetic.Multiply(y[i], inverse);
        }
    }

    /// <summary>Layer normalisation: (x - mean) / sqrt(variance + epsilon) * gamma + beta.</summary>
    public void LayerNorm(ReadOnlySpan<T> x, ReadOnlySpan<T> gamma, ReadOnlySpan<T> beta, float epsilon, Span<T> y)
    {
        T sum = SumOf(x);
        _arithmetic.EndStage();
        T mean = _arithmetic.Multiply(sum, _arithmetic.Constant(1f / x.Length));
        _arithmetic.EndStage();
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _arithmetic.Subtract(x[i], mean);
        }

        _arithmetic.EndStage();
        T inverse = InverseRootMeanSquare(y[..x.Length], epsilon);
        _arithmetic.EndStage();
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _arithmetic.Add(_arithmetic.Multiply(_arithmetic.Multiply(y[i], inverse), gamma[i]), beta[i]);
        }
    }

    /// <summary>RMS normalisation: x / sqrt(mean of x^2 + epsilon) * gamma.</summary>
    public void RmsNorm(ReadOnlySpan<T> x, ReadOnlySpan<T> gamma, float epsilon, Span<T> y)
    {
        T inverse = InverseRootMeanSquare(x, epsilon);
        _arithmetic.EndStage();
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _arithmetic.Multiply(_arithmetic.Multiply(x[i], inverse), gamma[i]);
        }
    }

    /// <summary>GELU of every element.</summary>
    public void Gelu(ReadOnlySpan<T> x, Span<T> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _element.Gelu(x[i]);
        }
    }

    /// <summary>max(x, 0) of every element.</summary>
    public void Relu(ReadOnlySpan<T> x, Span<T> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _element.Relu(x[i]);
        }
    }

    /// <summary>x sigmoid(x) of every element.</summary>
    public void Silu(ReadOnlySpan<T> x, Span<T> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _element.Silu(x[i]);
        }
    }

    /// <summary>Sigmoid of every element.</summary>
    public void Sigmoid(ReadOnlySpan<T> x, Span<T> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _element.Sigmoid(x[i]);
        }
    }

    /// <summary>Hyperbolic tangent of every element.</summary>
    public void Tanh(ReadOnlySpan<T> x, Span<T> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            y[i] = _element.Tanh(x[i]);
        }
    }

    /// <summary>max(x, 0) squared, of every element.</summary>
    public void SquaredRelu(ReadOnlySpan<T> x, Span<T> y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            T positive = _element.Relu(x[i]);
            y[i] = _arithmetic.Multiply(positive, positive);
        }
    }

    /// <summary>a * b.</summary>
    public void Multiply(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
    {
        for (int i = 0; i < a.Length; i++)
        {
            y[i] = _arithmetic.Multiply(a[i], b[i]);
        }
    }

    /// <summary>silu(gate) * up.</summary>
    public void SwiGlu(ReadOnlySpan<T> gate, ReadOnlySpan<T> up, Span<T> y)
    {
        for (int i = 0; i < gate.Length; i++)
        {
            y[i] = _arithmetic.Multiply(_element.Silu(gate[i]), up[i]);
        }
    }

    /// <summary>gelu(gate) * up.</summary>
    public void GeGlu(ReadOnlySpan<T> gate, ReadOnlySpan<T> up, Span<T> y)
    {
        for (int i = 0; i < gate.Length; i++)
        {
            y[i] = _arithmetic.Multiply(_element.Gelu(gate[i]), up[i]);
        }
    }

    /// <summary>a + b.</summary>
    public void Add(ReadOnlySpan<T> a, ReadOnlySpan<T> b, Span<T> y)
    {
        for (int i = 0; i < a.Length; i++)
        {
            y[i] = _arithmetic.Add(a[i], b[i]);
        }
    }

    /// <summary>
    /// Rotary position embedding of one head of even width: elements i and i + width/2 turn by an angle whose cosine and
    /// sine come from a table.
    /// </summary>
    public void Rope(ReadOnlySpan<T> x, ReadOnlySpan<T> cosine, ReadOnlySpan<T> sine, Span<T> y)
    {
        int half = x.Length / 2;
        for (int i = 0; i < half; i++)
        {
            T first = x[i];
            T second = x[i + half];
            y[i] = _arithmetic.Subtract(_arithmetic.Multiply(first, cosine[i]), _arithmetic.Multiply(second, sine[i]));
            y[i + half] = _arithmetic.Add(_arithmetic.Multiply(first, sine[i]), _arithmetic.Multiply(second, cosine[i]));
        }
    }

    /// <summary>A word whose bits are the index of the largest element; of equal ones the first.</summary>
    public T ArgMax(ReadOnlySpan<T> x) => Largest(x, 0).Index;

    // One scalar stage follows the reduction, so that the caller starts its next stage with the result at hand.
    private T InverseRootMeanSquare(ReadOnlySpan<T> x, float epsilon)
    {
        T sum = SumOfSquares(x);
        _arithmetic.EndStage();
        T mean = _arithmetic.Multiply(sum, _arithmetic.Constant(1f / x.Length));
        return _element.InverseSqrt(_arithmetic.Add(mean, _arithmetic.Constant(epsilon)));
    }

    private T MaximumOf(ReadOnlySpan<T> x)
    {
        int half = x.Length / 2;
        return x.Length == 1 ? x[0] : _element.Maximum(MaximumOf(x[..half]), MaximumOf(x[half..]));
    }

    private T SumOf(ReadOnlySpan<T> x)
    {
        int half = x.Length / 2;
        return x.Length == 1 ? x[0] : _arithmetic.Add(SumOf(x[..half]), SumOf(x[half..]));
    }

    private T SumOfSquares(ReadOnlySpan<T> x)
    {
        int half = x.Length / 2;
        return x.Length == 1 ? _arithmetic.Multiply(x[0], x[0]) : _arithmetic.Add(SumOfSquares(x[..half]), SumOfSquares(x[half..]));
    }

    private (T Value, T Index) Largest(ReadOnlySpan<T> x, int offset)
    {
        if (x.Length == 1)
        {
            return (x[0], _arithmetic.ConstantBits((uint)offset));
        }

        int half = x.Length / 2;
        (T Value, T Index) left = Largest(x[..half], offset);
        (T Value, T Index) right = Largest(x[half..], offset + half);
        T leftAhead = _arithmetic.Subtract(left.Value, right.Value);
        return (_arithmetic.Select(leftAhead, right.Value, left.Value), _arithmetic.Select(leftAhead, right.Index, left.Index));
    }
}
