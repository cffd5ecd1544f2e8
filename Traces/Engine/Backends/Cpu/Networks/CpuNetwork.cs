using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Networks.NetworkContract;

namespace PimSim.Traces.Engine.Backends.Cpu.Networks;

/// <summary>
/// Computes in single precision on the processor, on the kernels of <see cref="CpuBackend"/>. Beside one (<see cref="CpuBackend.Network"/>) it
/// shares its tensors and threads.
/// </summary>
public sealed partial class CpuNetwork : INetworkBackend<CpuTensor>, IDisposable
{
    private readonly TensorPool _pool;
    private readonly WorkerTeam _team;
    private readonly CpuOperators _operators;
    private readonly bool _alone;
    private readonly ConditionalWeakTable<LinearLayer, CpuMatrix> _matrices = [];
    private readonly LinearWork _linear;
    private readonly NormWork _norm = new();
    private readonly NetworkAttention _attention = new();
    private readonly bool _geluByTanh;

    /// <summary>Works alone.</summary>
    /// <param name="threads">Threads that compute, the caller's included; 0 for one per processor.</param>
    /// <param name="geluByTanh">GELU by its tanh approximation; else by the error function.</param>
    public CpuNetwork(int threads = 0, bool geluByTanh = true)
        : this(new TensorPool(), new WorkerTeam(threads == 0 ? Environment.ProcessorCount : threads), null, geluByTanh)
    {
        _alone = true;
    }

    internal CpuNetwork(TensorPool pool, WorkerTeam team, CpuOperators? operators, bool geluByTanh)
    {
        _pool = pool;
        _team = team;
        _operators = operators ?? new CpuOperators(pool, team);
        _linear = new LinearWork(team.Threads);
        _geluByTanh = geluByTanh;
    }

    /// <inheritdoc/>
    public DataType ActivationType => DataType.Fp32;

    /// <inheritdoc/>
    public bool HasData => true;

    /// <inheritdoc/>
    public void BeginBlock() => _pool.BeginBlock();

    /// <inheritdoc/>
    public CpuTensor Input(int rows, int columns, ReadOnlySpan<float> values) => _operators.Load(rows, columns, values);

    /// <inheritdoc/>
    public CpuTensor Hold(CpuTensor tensor)
    {
        CpuTensor held = new(new TensorStorage(checked(tensor.Rows * tensor.Columns)), tensor.Rows, tensor.Columns);
        for (int row = 0; row < tensor.Rows; row++)
        {
            tensor.Row(row).CopyTo(held.WritableRow(row));
        }

        return held;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Row(CpuTensor tensor, int row) => tensor.Row(row);

    /// <inheritdoc/>
    public CpuTensor Embed(WeightTensor table, ReadOnlySpan<int> ids, OperatorRole role = OperatorRole.Embedding)
    {
        ArgumentNullException.ThrowIfNull(table);
        RequireIds(table, ids);
        CpuTensor result = _pool.Rent(ids.Length, table.Columns);
        for (int row = 0; row < ids.Length; row++)
        {
            WeightRows.Read(table, ids[row], result.WritableRow(row));
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Linear(CpuTensor input, LinearLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireColumns(input, weights.Inputs);
        if (!_matrices.TryGetValue(weights, out CpuMatrix? matrix))
        {
            matrix = new CpuMatrix(WeightChecks.Matrix(weights.Matrix, weights.Outputs, weights.Inputs, weights.Role.ToString()), weights.Bias ?? []);
            WeightChecks.Vector(matrix.Bias, weights.HasBias ? weights.Outputs : 0, $"bias of {weights.Role}");
            _matrices.Add(weights, matrix);
        }

        CpuTensor result = _pool.Rent(input.Rows, weights.Outputs);
        _team.Run(_linear, _linear.Prepare(matrix, input, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Norm(CpuTensor input, NormLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireColumns(input, weights.Width);
        WeightChecks.Vector(weights.Scale, weights.Width, $"scale of {weights.Role}");
        CpuTensor result = _pool.Rent(input.Rows, input.Columns);
        _team.Run(_norm, _norm.Prepare(weights.Kind, weights.Epsilon, weights.Scale, weights.Shift, input, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Activate(CpuTensor input, ActivationKind kind, OperatorRole role)
    {
        CpuTensor result = _pool.Rent(input.Rows, ActivatedColumns(input, kind));
        if (kind is ActivationKind.Gelu or ActivationKind.Relu or ActivationKind.SwiGlu or ActivationKind.GeGlu)
        {
            ActivationWork work = new(kind, _geluByTanh);
            _team.Run(work, work.Prepare(input, result));
            return result;
        }

        for (int row = 0; row < input.Rows; row++)
        {
            ReadOnlySpan<float> from = input.Row(row);
            Span<float> to = result.WritableRow(row);
            switch (kind)
            {
                case ActivationKind.Silu:
                    TensorPrimitives.Sigmoid(from, to);
                    TensorPrimitives.Multiply(to, from, to);
                    break;
                case ActivationKind.Sigmoid:
                    TensorPrimitives.Sigmoid(from, to);
                    break;
                case ActivationKind.Tanh:
                    TensorPrimitives.Tanh(from, to);
                    break;
                case ActivationKind.SquaredRelu:
                    TensorPrimitives.Max(from, 0, to);
                    TensorPrimitives.Multiply(to, to, to);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown");
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Add(CpuTensor left, CpuTensor right, OperatorRole role)
    {
        RequireSame(left, right);
        CpuTensor result = _pool.Rent(left.Rows, left.Columns);
        CpuTensor.Add(left, right, result);
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Multiply(CpuTensor left, CpuTensor right, OperatorRole role)
    {
        RequireSame(left, right);
        CpuTensor result = _pool.Rent(left.Rows, left.Columns);
        for (int row = 0; row < left.Rows; row++)
        {
            TensorPrimitives.Multiply(left.Row(row), right.Row(row), result.WritableRow(row));
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Modulate(CpuTensor input, CpuTensor scale, CpuTensor shift, OperatorRole role = OperatorRole.Modulation)
    {
        RequireModulation(input, scale, shift);
        CpuTensor result = _pool.Rent(input.Rows, input.Columns);
        int perGroup = input.Rows / scale.Rows;
        for (int row = 0; row < input.Rows; row++)
        {
            ReadOnlySpan<float> x = input.Row(row);
            Span<float> to = result.WritableRow(row);
            TensorPrimitives.MultiplyAdd(x, scale.Row(row / perGroup), x, to);
            TensorPrimitives.Add(to, shift.Row(row / perGroup), to);
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Mix(CpuTensor input, ReadOnlySpan<float> weights, int rowsPerResult, OperatorRole role = OperatorRole.Mixing)
    {
        CpuTensor result = _pool.Rent(MixedRows(input, weights, rowsPerResult), input.Columns);
        for (int row = 0; row < result.Rows; row++)
        {
            Span<float> sum = result.WritableRow(row);
            sum.Clear();
            for (int part = row * rowsPerResult; part < (row + 1) * rowsPerResult; part++)
            {
                TensorPrimitives.MultiplyAdd(input.Row(part), weights[part], sum, sum);
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Softmax(CpuTensor input, OperatorRole role)
    {
        CpuTensor result = _pool.Rent(input.Rows, input.Columns);
        for (int row = 0; row < input.Rows; row++)
        {
            Span<float> to = result.WritableRow(row);
            TensorPrimitives.Subtract(input.Row(row), TensorPrimitives.Max(input.Row(row)), to);
            TensorPrimitives.Exp(to, to);
            TensorPrimitives.Divide(to, RowSums.Sum(to), to);
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Join(CpuTensor left, CpuTensor right, OperatorRole role)
    {
        Require(left.Rows == right.Rows, $"{left} and {right} do not stand side by side");
        CpuTensor result = _pool.Rent(left.Rows, checked(left.Columns + right.Columns));
        for (int row = 0; row < left.Rows; row++)
        {
            left.Row(row).CopyTo(result.WritableRow(row));
            right.Row(row).CopyTo(result.WritableRow(row)[left.Columns..]);
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Columns(CpuTensor input, int first, int count)
    {
        RequireSlice(input, first, count);
        return input.ColumnsAt(first, count);
    }

    /// <inheritdoc/>
    public CpuTensor Rows(CpuTensor input, ReadOnlySpan<int> rows, OperatorRole role) => _operators.Gather(input, rows, role);

    /// <inheritdoc/>
    public CpuTensor LastRows(CpuTensor input, int groups)
    {
        BackendContract.RequireSequences(input, groups);
        return input.LastRows(groups);
    }

    /// <inheritdoc/>
    public CpuTensor Rope(CpuTensor input, int heads, int kvHeads, Rotary rotary, ReadOnlySpan<int> positions)
    {
        ArgumentNullException.ThrowIfNull(rotary);
        RequireRotation(input, heads + kvHeads, rotary, positions);
        CpuTensor result = _pool.Rent(input.Rows, input.Columns);
        for (int row = 0; row < input.Rows; row++)
        {
            RopeWork.Rotate(input.Row(row), result.WritableRow(row), heads + kvHeads, rotary, positions[row % positions.Length]);
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor TopK(CpuTensor input, int count, Span<int> columns, OperatorRole role) => _operators.TopK(input, count, columns, role);

    /// <inheritdoc/>
    public void Sample(CpuTensor logits, Span<int> tokens) => GreedyChoice.Of("the network", logits, tokens);

    /// <inheritdoc/>
    public CpuTensor Convolve(CpuTensor input, int sequences, ConvolutionWeights weights, OperatorRole role) => _operators.Convolve(input, sequences, weights, role);

    /// <inheritdoc/>
    public void HostWork(int items, OperatorRole role = OperatorRole.Host) => ArgumentOutOfRangeException.ThrowIfLessThan(items, 1);

    /// <inheritdoc/>
    public void HostCopy(int rows, int columns, OperatorRole role = OperatorRole.Offload) => Require(rows > 0 && columns > 0, $"a copy of [{rows}, {columns}]");

    /// <inheritdoc/>
    public void Passes(int passes, int rows, int columns, OperatorRole role = OperatorRole.Other) => RequirePasses(passes, rows, columns);

    /// <inheritdoc/>
    public CpuTensor Reshape(CpuTensor input, int rows)
    {
        int columns = ReshapedColumns(input, rows);
        if (input.RowStride == input.Columns || input.Rows == 1)
        {
            return input.Reshaped(rows, columns);
        }

        CpuTensor packed = _pool.Rent(input.Rows, input.Columns);
        for (int row = 0; row < input.Rows; row++)
        {
            input.Row(row).CopyTo(packed.WritableRow(row));
        }

        return packed.Reshaped(rows, columns);
    }

    /// <inheritdoc/>
    public CpuTensor LinearIntegers(CpuTensor input, IntegerLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireColumns(input, weights.Inputs);
        double largest = LargestInteger(weights.Type) + 1.0;

        // Single precision adds whole numbers up to 2^24 without rounding.
        Require(largest * largest * weights.Inputs <= 1 << 24, $"sums of {weights.Inputs} products in {weights.Type} are too large to be exact");
        CpuTensor sums = _operators.Multiply(input, weights.Integers, weights.Role);
        CpuTensor result = _pool.Rent(input.Rows, weights.Outputs);
        for (int row = 0; row < input.Rows; row++)
        {
            TensorPrimitives.Multiply(sums.Row(row), weights.Scales, result.WritableRow(row));
        }

        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Round(CpuTensor input, DataType type)
    {
        int largest = LargestInteger(type);
        CpuTensor result = _pool.Rent(input.Rows, input.Columns);
        for (int row = 0; row < input.Rows; row++)
        {
            TensorPrimitives.Round(input.Row(row), result.WritableRow(row));
            TensorPrimitives.Clamp(result.Row(row), -largest - 1f, largest, result.WritableRow(row));
        }

        return result;
    }

    /// <inheritdoc/>
    public void Pass(int rows, int columns, DataType type, OperatorRole role) => Require(rows > 0 && columns > 0, $"a pass over [{rows}, {columns}]");

    /// <summary>Ends the threads, if they are its own.</summary>
    public void Dispose()
    {
        if (_alone)
        {
            _team.Dispose();
        }
    }
}
