namespace PimSim.Devices.Asic;

/// <summary>
/// The special functions of the ASIC, one element at a time, from adds, multiplies and operations on bit patterns alone.
/// Ranges and errors are in docs/asic.md. Words are IEEE single precision; numbers below 2^-126 count as 0.
/// </summary>
/// <typeparam name="T">The word of the arithmetic.</typeparam>
/// <typeparam name="TArithmetic">What is done with it: computing or counting.</typeparam>
public readonly struct ElementFunctions<T, TArithmetic>
    where T : struct
    where TArithmetic : struct, IArithmetic<T>
{
    private const uint SignBit = 0x8000_0000;
    private const uint MagnitudeBits = 0x7FFF_FFFF;
    private const uint FractionBits = 0x007F_FFFF;
    private const int FractionWidth = 23;

    // exp saturates where the result would leave the normal numbers: e^-87 = 1.6e-38, e^88 = 1.7e38.
    private const float SmallestExponent = -87;
    private const float LargestExponent = 88;

    // 1.5 * 2^23: adding it rounds to a whole number and leaves that number in the lowest bits.
    private const float RoundingConstant = 12_582_912;

    private static readonly float[] InverseFactorials = MakeInverseFactorials();

    private readonly TArithmetic _arithmetic;
    private readonly SeriesPrecision _precision;

    /// <summary>Functions of the given precision.</summary>
    public ElementFunctions(TArithmetic arithmetic, SeriesPrecision precision)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(precision.TaylorDegree, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(precision.TaylorDegree, SeriesPrecision.MaximalTaylorDegree);
        ArgumentOutOfRangeException.ThrowIfNegative(precision.ReciprocalNewtonSteps);
        ArgumentOutOfRangeException.ThrowIfNegative(precision.InverseSqrtNewtonSteps);
        _arithmetic = arithmetic;
        _precision = precision;
    }

    /// <summary>
    /// e^x = 2^k e^r with k = round(x / ln 2) and r = x - k ln 2: a Taylor polynomial in r by Horner's rule, and k added to
    /// the exponent field. Arguments outside [-87, 88] give the value at the nearer end.
    /// </summary>
    public T Exp(T x)
    {
        x = Minimum(Maximum(x, Constant(SmallestExponent)), Constant(LargestExponent));
        T rounded = Add(Multiply(x, Constant(1 / MathF.Log(2))), Constant(RoundingConstant));
        T k = Subtract(rounded, Constant(RoundingConstant));
        T r = Subtract(x, Multiply(k, Constant(MathF.Log(2))));

        T sum = Constant(InverseFactorials[_precision.TaylorDegree]);
        for (int power = _precision.TaylorDegree - 1; power >= 0; power--)
        {
            sum = Add(Multiply(sum, r), Constant(InverseFactorials[power]));
        }

        return _arithmetic.AddBits(sum, _arithmetic.ShiftLeft(rounded, FractionWidth));
    }

    /// <summary>
    /// 1/x for positive x: x = m 2^e with m in [0.5, 1); 1/m starts from 48/17 - 32/17 m, whose error is at most 1/17, and
    /// each Newton-Raphson step y (2 - m y) squares the error; -e is added to the exponent field. Results saturate at
    /// 2^-125, and at 2^127 for 0.
    /// </summary>
    public T Reciprocal(T x)
    {
        x = Minimum(x, _arithmetic.ConstantBits(252 << FractionWidth));
        T m = _arithmetic.MaskBits(x, FractionBits, 126 << FractionWidth);
        T y = Subtract(Constant(48f / 17), Multiply(m, Constant(32f / 17)));
        for (int step = 0; step < _precision.ReciprocalNewtonSteps; step++)
        {
            y = Multiply(y, Subtract(Constant(2), Multiply(m, y)));
        }

        // m and x have the same fraction, so that the difference of their bits is -e in the exponent field.
        return _arithmetic.AddBits(y, _arithmetic.SubtractBits(m, x));
    }

    /// <summary>
    /// 1/sqrt(x) for x of 2^-125 and more: halving and negating the bit pattern of x gives a first guess within 3.5 %
    /// (the constant is the one published with Quake III Arena), each Newton step is y (1.5 - x/2 y^2).
    /// </summary>
    public T InverseSqrt(T x)
    {
        T y = _arithmetic.SubtractBits(_arithmetic.ConstantBits(0x5F37_59DF), _arithmetic.ShiftRight(x, 1));
        T half = Multiply(x, Constant(0.5f));
        for (int step = 0; step < _precision.InverseSqrtNewtonSteps; step++)
        {
            // (x/2 y) y and not x/2 (y y): y y leaves the normal numbers for large x.
            y = Multiply(y, Subtract(Constant(1.5f), Multiply(Multiply(half, y), y)));
        }

        return y;
    }

    /// <summary>tanh |x| = (1 - e) / (1 + e) with e = exp(-2|x|), and the sign of x.</summary>
    public T Tanh(T x)
    {
        T e = Exp(_arithmetic.MaskBits(Add(x, x), MagnitudeBits, SignBit));
        T magnitude = Multiply(Subtract(Constant(1), e), Reciprocal(Add(Constant(1), e)));
        return _arithmetic.Select(x, _arithmetic.MaskBits(magnitude, MagnitudeBits, SignBit), magnitude);
    }

    /// <summary>1 / (1 + exp(-x)): 1 / (1 + e) for positive x and e / (1 + e) for negative x, with e = exp(-|x|).</summary>
    public T Sigmoid(T x)
    {
        T e = Exp(_arithmetic.MaskBits(x, MagnitudeBits, SignBit));
        T numerator = _arithmetic.Select(x, e, Constant(1));
        return Multiply(numerator, Reciprocal(Add(Constant(1), e)));
    }

    /// <summary>GELU as GPT-2 has it: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).</summary>
    public T Gelu(T x)
    {
        float scale = MathF.Sqrt(2 / MathF.PI);
        T argument = Multiply(x, Add(Constant(scale), Multiply(Constant(scale * 0.044715f), Multiply(x, x))));
        return Multiply(Multiply(x, Constant(0.5f)), Add(Constant(1), Tanh(argument)));
    }

    /// <summary>SiLU: x sigmoid(x).</summary>
    public T Silu(T x) => Multiply(x, Sigmoid(x));

    /// <summary>max(x, 0).</summary>
    public T Relu(T x) => Maximum(x, Constant(0));

    /// <summary>The larger: a comparison is a subtraction whose sign steers a multiplexer.</summary>
    public T Maximum(T a, T b) => _arithmetic.Select(Subtract(a, b), b, a);

    /// <summary>The smaller.</summary>
    public T Minimum(T a, T b) => _arithmetic.Select(Subtract(b, a), b, a);

    private T Constant(float value) => _arithmetic.Constant(value);

    private T Add(T a, T b) => _arithmetic.Add(a, b);

    private T Subtract(T a, T b) => _arithmetic.Subtract(a, b);

    private T Multiply(T a, T b) => _arithmetic.Multiply(a, b);

    private static float[] MakeInverseFactorials()
    {
        float[] inverse = new float[SeriesPrecision.MaximalTaylorDegree + 1];
        double factorial = 1;
        for (int i = 0; i < inverse.Length; i++)
        {
            factorial *= Math.Max(i, 1);
            inverse[i] = (float)(1 / factorial);
        }

        return inverse;
    }
}
