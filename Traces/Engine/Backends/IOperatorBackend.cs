using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends;

/// <summary>
/// Computes operators beyond those of a plain decoder, beside an <see cref="IBackend{TTensor}"/> that shares its tensors or alone. A backend
/// that lacks them does not implement it. Weights come with the call; where nothing is computed they need no data. Tensors that do not fit an
/// operator are a bug of the caller: <see cref="ArgumentException"/>. Not thread-safe. docs/operators.md has the formulas.
/// </summary>
/// <typeparam name="TTensor">Where activations live.</typeparam>
/// <typeparam name="TQuantised">Where quantised activations live.</typeparam>
public interface IOperatorBackend<TTensor, TQuantised>
    where TTensor : ITensor
    where TQuantised : ITensor
{
    /// <summary>As <see cref="IBackend{TTensor}.BeginBlock"/>; of a backend that shares its tensors one of the two is called.</summary>
    void BeginBlock();

    /// <summary>
    /// Convolution over the tokens of each sequence: result t is the sum over taps k of kernel k with token t x stride + k - padding, zeros
    /// outside of the sequence, plus bias.
    /// </summary>
    TTensor Convolve(TTensor input, int sequences, ConvolutionWeights weights, OperatorRole role);

    /// <summary>
    /// Fourier transform of the real channels of each row, sum over n of x[n] exp(-2 pi i k n / columns), not scaled: for k from 0 to
    /// columns / 2 the real and the imaginary part side by side.
    /// </summary>
    TTensor FftChannels(TTensor input, OperatorRole role);

    /// <summary>
    /// The same over the n tokens of each sequence, for every channel: n / 2 + 1 rows for each sequence, in which real and imaginary part of a
    /// channel stand side by side.
    /// </summary>
    TTensor FftTokens(TTensor input, int sequences, OperatorRole role);

    /// <summary>The rows with these numbers, in this order; a row may be taken more than once.</summary>
    TTensor Gather(TTensor input, ReadOnlySpan<int> rows, OperatorRole role);

    /// <summary>
    /// Writes the rows of a tensor over those rows of another that have these numbers, all different. The target itself changes; what is
    /// returned is the target, made by this operator.
    /// </summary>
    TTensor Scatter(TTensor target, TTensor input, ReadOnlySpan<int> rows, OperatorRole role);

    /// <summary>The largest values of each row in descending order; of equal ones those with lower numbers.</summary>
    /// <param name="input">Candidates.</param>
    /// <param name="count">How many to choose from each row.</param>
    /// <param name="indices">Their column numbers, row by row. Where nothing is computed: 0, 1, 2 ... for each row.</param>
    /// <param name="role">What it is for.</param>
    /// <returns>[rows, count].</returns>
    /// <exception cref="Format.Documents.PimSimUserException">A value is not a number.</exception>
    TTensor TopK(TTensor input, int count, Span<int> indices, OperatorRole role);

    /// <summary>
    /// Rounds to int8 or int4, symmetric: the largest magnitude of each group of columns becomes 127 or 7 times the scale of the group, and
    /// every value is off by at most half a scale. Stored as <see cref="WeightTensor"/> says.
    /// </summary>
    /// <param name="input">Numbers.</param>
    /// <param name="type">int8 or int4.</param>
    /// <param name="groupSize">Columns with one scale; divides the columns.</param>
    /// <exception cref="Format.Documents.PimSimUserException">A value is not finite.</exception>
    TQuantised Quantise(TTensor input, DataType type, int groupSize);

    /// <summary>Integers times scales.</summary>
    TTensor Dequantise(TQuantised input);

    /// <summary>The product with a matrix of weights, one row of which belongs to one output.</summary>
    TTensor Multiply(TTensor input, WeightTensor weights, OperatorRole role);

    /// <summary>The product with a sparse matrix of weights, of which only the stored numbers are read.</summary>
    TTensor Multiply(TTensor input, SparseWeights weights, OperatorRole role);

    /// <summary>The product with a matrix that is the product of two of low rank: two operators, the rank between them.</summary>
    /// <param name="input">[rows, inputs].</param>
    /// <param name="down">[rank, inputs].</param>
    /// <param name="up">[outputs, rank].</param>
    /// <param name="role">What both are for.</param>
    TTensor MultiplyLowRank(TTensor input, WeightTensor down, WeightTensor up, OperatorRole role) => Multiply(Multiply(input, down, role), up, role);
}

/// <summary>Activations in integers with scales, whatever holds them.</summary>
public interface IQuantisedTensor : ITensor
{
    /// <summary>Columns with one scale.</summary>
    int GroupSize { get; }

    /// <summary>Storage of the activations that they were made from and become again.</summary>
    DataType ActivationType { get; }
}
