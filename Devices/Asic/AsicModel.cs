using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Asic;

/// <summary>
/// Time and energy of the vector functions that an ASIC beside PIM memory computes. A cost depends on the shape alone, is
/// found in constant time and allocates nothing. The cycle rule is in docs/asic.md. Immutable, safe for many threads.
/// </summary>
public sealed class AsicModel
{
    private readonly AsicConfiguration _configuration;
    private readonly OperationProfile _softmax;
    private readonly OperationProfile _layerNorm;
    private readonly OperationProfile _rmsNorm;
    private readonly OperationProfile _gelu;
    private readonly OperationProfile _relu;
    private readonly OperationProfile _swiGlu;
    private readonly OperationProfile _geGlu;
    private readonly OperationProfile _add;
    private readonly OperationProfile _argMax;
    private readonly OperationProfile _rope;
    private readonly OperationProfile _silu;
    private readonly OperationProfile _sigmoid;
    private readonly OperationProfile _tanh;
    private readonly OperationProfile _squaredRelu;
    private readonly OperationProfile _multiply;

    /// <summary>Counts the operations of every function once.</summary>
    public AsicModel(AsicConfiguration configuration)
    {
        _configuration = configuration;
        _softmax = Measure((row, n) => row.Softmax(Words(n), Words(n)));
        _layerNorm = Measure((row, n) => row.LayerNorm(Words(n), Words(n), Words(n), epsilon: 0, Words(n)));
        _rmsNorm = Measure((row, n) => row.RmsNorm(Words(n), Words(n), epsilon: 0, Words(n)));
        _gelu = Measure((row, n) => row.Gelu(Words(n), Words(n)));
        _relu = Measure((row, n) => row.Relu(Words(n), Words(n)));
        _swiGlu = Measure((row, n) => row.SwiGlu(Words(n), Words(n), Words(n)));
        _geGlu = Measure((row, n) => row.GeGlu(Words(n), Words(n), Words(n)));
        _add = Measure((row, n) => row.Add(Words(n), Words(n), Words(n)));
        _argMax = Measure((row, n) => row.ArgMax(Words(n)));
        _rope = Measure((row, n) => row.Rope(Words(n), Words(n), Words(n), Words(n)));
        _silu = Measure((row, n) => row.Silu(Words(n), Words(n)));
        _sigmoid = Measure((row, n) => row.Sigmoid(Words(n), Words(n)));
        _tanh = Measure((row, n) => row.Tanh(Words(n), Words(n)));
        _squaredRelu = Measure((row, n) => row.SquaredRelu(Words(n), Words(n)));
        _multiply = Measure((row, n) => row.Multiply(Words(n), Words(n), Words(n)));
    }

    /// <summary>The data sheet.</summary>
    public AsicConfiguration Configuration => _configuration;

    /// <summary>Softmax of independent rows, each of <paramref name="length"/> scores.</summary>
    /// <exception cref="PimSimUserException">One row with its result does not fit the SRAM.</exception>
    public AsicCost Softmax(int rows, int length) => Buffered("softmax", _softmax, rows, length);

    /// <summary>Layer normalisation of independent rows.</summary>
    /// <exception cref="PimSimUserException">One row with its result does not fit the SRAM.</exception>
    public AsicCost LayerNorm(int rows, int width) => Buffered("layer norm", _layerNorm, rows, width);

    /// <summary>RMS normalisation of independent rows.</summary>
    /// <exception cref="PimSimUserException">One row with its result does not fit the SRAM.</exception>
    public AsicCost RmsNorm(int rows, int width) => Buffered("RMS norm", _rmsNorm, rows, width);

    /// <summary>GELU of every element.</summary>
    public AsicCost Gelu(long elements) => Streamed(_gelu, 1, elements);

    /// <summary>max(x, 0) of every element.</summary>
    public AsicCost Relu(long elements) => Streamed(_relu, 1, elements);

    /// <summary>silu(gate) * up; <paramref name="elements"/> are those of the result.</summary>
    public AsicCost SwiGlu(long elements) => Streamed(_swiGlu, 1, elements);

    /// <summary>gelu(gate) * up; <paramref name="elements"/> are those of the result.</summary>
    public AsicCost GeGlu(long elements) => Streamed(_geGlu, 1, elements);

    /// <summary>Sum of two vectors.</summary>
    public AsicCost Add(long elements) => Streamed(_add, 1, elements);

    /// <summary>Partial sums added to an accumulator: an addition per element.</summary>
    public AsicCost Accumulate(long elements) => Add(elements);

    /// <summary>Index of the largest of <paramref name="length"/> values, for each of independent rows.</summary>
    public AsicCost ArgMax(int rows, int length) => Streamed(_argMax, rows, length);

    /// <summary>Rotary position embedding; <paramref name="elements"/> are rows x heads x head width, queries and keys together.</summary>
    public AsicCost Rope(long elements) => Streamed(_rope, 1, elements);

    /// <summary>Product of two vectors.</summary>
    public AsicCost Multiply(long elements) => Streamed(_multiply, 1, elements);

    /// <summary>
    /// An operator on numbers at the same place of <paramref name="operands"/> tensors: a copy passes through the adders; of two a product; of more,
    /// products with weights or scales, and their sum.
    /// </summary>
    public AsicCost Elementwise(long elements, int operands) => operands switch
    {
        <= 1 => Add(elements),
        2 => Multiply(elements),
        3 => Multiply(elements) + Add(elements),
        _ => Multiply(elements * operands) + Add(elements * (operands - 1)),
    };

    /// <summary>
    /// The largest <paramref name="count"/> of <paramref name="length"/> values, for each of independent rows: the tree of the arg max, and for each
    /// further one the comparisons on the way of the one before, from leaf to root.
    /// </summary>
    public AsicCost TopK(int rows, int length, int count)
    {
        int levels = length <= 1 ? 1 : System.Numerics.BitOperations.Log2((uint)(length - 1)) + 1;
        return ArgMax(rows, length) + Streamed(_argMax, rows, ((long)(count - 1) * levels) + (count > 1 ? 1 : 0));
    }

    /// <summary>The cost of a norm, an activation, a sum, a rotary embedding, a sampling, or what else works on rows.</summary>
    /// <exception cref="PimSimUserException">One row does not fit the SRAM.</exception>
    /// <exception cref="ArgumentException">Another kind of operator: the ASIC does not compute it.</exception>
    public AsicCost CostOf(in Operator op)
    {
        long rows = op.Rows;
        return op switch
        {
            { Kind: OperatorKind.Norm, Norm: NormKind.LayerNorm } => LayerNorm(op.Rows, op.Inputs),
            { Kind: OperatorKind.Norm, Norm: NormKind.RmsNorm } => RmsNorm(op.Rows, op.Inputs),
            { Kind: OperatorKind.Activation, Activation: ActivationKind.Gelu } => Gelu(rows * op.Outputs),
            { Kind: OperatorKind.Activation, Activation: ActivationKind.Relu } => Relu(rows * op.Outputs),
            { Kind: OperatorKind.Activation, Activation: ActivationKind.SwiGlu } => SwiGlu(rows * op.Outputs),
            { Kind: OperatorKind.Activation, Activation: ActivationKind.GeGlu } => GeGlu(rows * op.Outputs),
            { Kind: OperatorKind.Activation, Activation: ActivationKind.Silu } => Streamed(_silu, 1, rows * op.Outputs),
            { Kind: OperatorKind.Activation, Activation: ActivationKind.Sigmoid } => Streamed(_sigmoid, 1, rows * op.Outputs),
            { Kind: OperatorKind.Activation, Activation: ActivationKind.Tanh } => Streamed(_tanh, 1, rows * op.Outputs),
            { Kind: OperatorKind.Activation, Activation: ActivationKind.SquaredRelu } => Streamed(_squaredRelu, 1, rows * op.Outputs),
            { Kind: OperatorKind.Elementwise } => Elementwise(rows * op.Outputs, op.Inputs),
            { Kind: OperatorKind.Softmax } => Softmax(op.Rows, op.Inputs),
            { Kind: OperatorKind.TopK } => TopK(op.Rows, op.Inputs, op.Outputs),
            { Kind: OperatorKind.Add } => Add(rows * op.Outputs),
            { Kind: OperatorKind.Rope } => Rope(rows * (op.Heads + op.KvHeads) * op.HeadDim),
            { Kind: OperatorKind.Sample } => ArgMax(op.Rows, op.Inputs),
            _ => throw new ArgumentException($"the ASIC does not compute {op.Kind} ({op.Norm}, {op.Activation})", nameof(op)),
        };
    }

    private static CountedWord[] Words(int count) => new CountedWord[count];

    private OperationProfile Measure(Action<RowFunctions<CountedWord, CountingArithmetic>, int> function) =>
        OperationProfile.Measure(_configuration.Precision, function);

    // A row stays in the SRAM between the stages; as many rows as fit go through each stage together.
    private AsicCost Buffered(string function, OperationProfile profile, int rows, int length)
    {
        long rowBytes = _configuration.DataType.Bytes(2L * length);
        if (rowBytes > _configuration.SramBytes)
        {
            ThrowTooLong(function, length, rowBytes);
        }

        if (rows == 0 || length == 0)
        {
            return default;
        }

        long together = Math.Min(rows, _configuration.SramBytes / rowBytes);
        (long full, long rest) = Math.DivRem(rows, together);
        long cycles = full * CyclesOf(profile, together, length);
        return new(new(rest == 0 ? cycles : cycles + CyclesOf(profile, rest, length)), EnergyOf(profile, rows, length));
    }

    // Tile after tile of the operands passes through; there is nothing to wait for between tiles.
    private AsicCost Streamed(OperationProfile profile, int rows, long length) =>
        rows == 0 || length == 0 ? default : new(new(CyclesOf(profile, rows, length)), EnergyOf(profile, rows, length));

    private long CyclesOf(OperationProfile profile, long rows, long length)
    {
        long cycles = 0;
        for (int stage = 0; stage < profile.Stages; stage++)
        {
            OperationCount row = profile.At(stage, length);
            cycles += Math.Max(
                CeilingDivision.Of(checked(row.Adds * rows), _configuration.Adders),
                CeilingDivision.Of(checked(row.Multiplies * rows), _configuration.Multipliers));
            cycles += (long)row.Depth * _configuration.UnitLatency;
        }

        return cycles;
    }

    private Energy EnergyOf(OperationProfile profile, long rows, long length)
    {
        long adds = 0;
        long multiplies = 0;
        for (int stage = 0; stage < profile.Stages; stage++)
        {
            OperationCount row = profile.At(stage, length);
            adds += row.Adds;
            multiplies += row.Multiplies;
        }

        return (_configuration.AddEnergy * checked(adds * rows)) + (_configuration.MultiplyEnergy * checked(multiplies * rows));
    }

    private void ThrowTooLong(string function, int length, long rowBytes) =>
        throw new PimSimUserException(
            $"{_configuration.Name}: a {function} over {length} elements keeps {rowBytes} bytes (input and output in {_configuration.DataType.ToString().ToLowerInvariant()}), the SRAM has {_configuration.SramBytes} bytes");
}
