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
public sealed class CpuNetwork : INetworkBackend<CpuTensor>, IDisposable
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
    public KeyValues CreateKeyValues(KeyValueShape shape, int sequences, int capacity) => new CpuKeyValues(shape with { Type = DataType.Fp32, KeyType = null }, sequences, capacity);

    /// <inheritdoc/>
    public void Append(CpuTensor keysAndValues, KeyValues cache)
    {
        CpuKeyValues own = Own(cache);
        int tokens = TokensOf(keysAndValues, cache);
        int first = cache.Length;
        cache.Extend(tokens);
        int width = own.Shape.HeadDim;
        for (int row = 0; row < keysAndValues.Rows; row++)
        {
            (int sequence, int token) = Math.DivRem(row, tokens);
            ReadOnlySpan<float> from = keysAndValues.Row(row);
            for (int head = 0; head < own.Shape.Heads; head++)
            {
                from.Slice(head * width, width).CopyTo(own.Key(sequence, head, first + token));
                from.Slice(own.Shape.Width + (head * width), width).CopyTo(own.Value(sequence, head, first + token));
            }
        }
    }

    /// <inheritdoc/>
    public CpuTensor Attend(CpuTensor queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        CpuKeyValues own = Own(cache);
        int each = QueriesOf(queries, heads, cache, pattern);
        CpuTensor result = _pool.Rent(queries.Rows, heads * own.Shape.HeadDim);
        _team.Run(_attention, _attention.Prepare(queries, each, heads, own, pattern, result));
        return result;
    }

    /// <inheritdoc/>
    public CpuTensor Scores(CpuTensor queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.KvSelection)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        CpuKeyValues own = Own(cache);
        int each = QueriesOf(queries, heads, cache, pattern);
        CpuTensor result = _pool.Rent(own.Sequences * own.Shape.Heads, own.Length);
        _team.Run(_attention, _attention.PrepareScores(queries, each, heads, own, pattern, result));
        return result;
    }

    /// <inheritdoc/>
    public void Keep(KeyValues cache, ReadOnlySpan<int> tokens, OperatorRole role = OperatorRole.KvSelection)
    {
        CpuKeyValues own = Own(cache);
        RequireTokens(cache, tokens);
        float[] keys = new float[tokens.Length * own.Shape.HeadDim];
        float[] values = new float[keys.Length];
        for (int stream = 0; stream < own.Sequences * own.Shape.Heads; stream++)
        {
            (int sequence, int head) = Math.DivRem(stream, own.Shape.Heads);
            for (int place = 0; place < tokens.Length; place++)
            {
                own.Key(sequence, head, tokens[place]).CopyTo(keys.AsSpan(place * own.Shape.HeadDim));
                own.Value(sequence, head, tokens[place]).CopyTo(values.AsSpan(place * own.Shape.HeadDim));
            }

            for (int place = 0; place < tokens.Length; place++)
            {
                keys.AsSpan(place * own.Shape.HeadDim, own.Shape.HeadDim).CopyTo(own.Key(sequence, head, place));
                values.AsSpan(place * own.Shape.HeadDim, own.Shape.HeadDim).CopyTo(own.Value(sequence, head, place));
            }
        }

        cache.Truncate(tokens.Length);
    }

    /// <inheritdoc/>
    public void CopyTokens(KeyValues from, ReadOnlySpan<int> tokens, int count, KeyValues to, OperatorRole role = OperatorRole.KvSelection)
    {
        (CpuKeyValues source, CpuKeyValues target) = (Own(from), Own(to));
        RequireCopy(from, tokens, count, to);
        int first = target.Length;
        target.Extend(count);
        for (int stream = 0; stream < source.Sequences * source.Shape.Heads; stream++)
        {
            (int sequence, int head) = Math.DivRem(stream, source.Shape.Heads);
            ReadOnlySpan<int> own = tokens.Length == count ? tokens : tokens.Slice(stream * count, count);
            for (int place = 0; place < count; place++)
            {
                source.Key(sequence, head, own[place]).CopyTo(target.Key(sequence, head, first + place));
                source.Value(sequence, head, own[place]).CopyTo(target.Value(sequence, head, first + place));
            }
        }
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
    public void KeepTogether(ReadOnlySpan<KeyValues> caches, int first, ReadOnlySpan<int> tokens, OperatorRole role = OperatorRole.KvSelection)
    {
        int[] all = TokensAfter(first, tokens);
        foreach (KeyValues cache in caches)
        {
            Keep(cache, all, role);
        }
    }

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
    public CpuTensor AttendParts(CpuTensor queries, int heads, ReadOnlySpan<KeyValues> parts, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention)
    {
        int length = RequireParts(parts);
        CpuKeyValues whole = new(parts[0].Shape, parts[0].Sequences, length);
        foreach (KeyValues part in parts)
        {
            if (part.Length > 0)
            {
                CopyTokens(part, [.. Enumerable.Range(0, part.Length)], part.Length, whole);
            }
        }

        return Attend(queries, heads, whole, pattern, role);
    }

    /// <inheritdoc/>
    public CpuTensor AttendWithWeights(CpuTensor queries, int heads, KeyValues cache, AttentionPattern pattern, out CpuTensor weights, OperatorRole role = OperatorRole.Attention)
    {
        CpuTensor result = Attend(queries, heads, cache, pattern, role);
        weights = _pool.Rent(queries.Rows, cache.Length);
        _attention.Weigh(weights);
        return result;
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

    /// <inheritdoc/>
    public void Place(CpuTensor keysAndValues, KeyValues cache) => Append(keysAndValues, cache);

    /// <inheritdoc/>
    public ExpertRouting Route(CpuTensor scores, int perToken, bool normalised)
    {
        int[] chosen = new int[scores.Rows * perToken];
        CpuTensor best = TopK(scores, perToken, chosen, OperatorRole.Router);
        float[] weights = new float[chosen.Length];
        for (int token = 0; token < scores.Rows; token++)
        {
            ReadOnlySpan<float> own = best.Row(token);
            double all = 0;
            foreach (float score in normalised ? own : scores.Row(token))
            {
                all += Math.Exp(score - (double)own[0]);
            }

            for (int slot = 0; slot < perToken; slot++)
            {
                weights[(token * perToken) + slot] = (float)(Math.Exp(own[slot] - (double)own[0]) / all);
            }
        }

        return new ExpertRouting(perToken, scores.Columns, chosen, weights);
    }

    /// <inheritdoc/>
    public CpuTensor ExpertsUp(CpuTensor input, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        RequireColumns(input, RequireExperts(experts, routing).Inputs);
        Require(input.Rows == routing.Tokens, $"{input} for {routing.Tokens} tokens");
        return Visit(input, routing, experts, pair => pair / routing.PerToken);
    }

    /// <inheritdoc/>
    public CpuTensor ExpertsDown(CpuTensor inside, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        RequireColumns(inside, RequireExperts(experts, routing).Inputs);
        Require(inside.Rows == routing.Pairs, $"{inside} for {routing.Pairs} pairs");
        return Mix(Visit(inside, routing, experts, pair => pair), routing.Weights, routing.PerToken);
    }

    /// <summary>Each expert multiplies the rows of its own pairs; the results lie in the order of pairs.</summary>
    private CpuTensor Visit(CpuTensor input, ExpertRouting routing, IReadOnlyList<LinearLayer> experts, Func<int, int> rowOf)
    {
        CpuTensor results = _pool.Rent(routing.Pairs, experts[0].Outputs);
        for (int expert = 0; expert < experts.Count; expert++)
        {
            int[] pairs = routing.PairsOf(expert);
            if (pairs.Length == 0)
            {
                continue;
            }

            CpuTensor own = _pool.Rent(pairs.Length, input.Columns);
            for (int row = 0; row < pairs.Length; row++)
            {
                input.Row(rowOf(pairs[row])).CopyTo(own.WritableRow(row));
            }

            CpuTensor products = Linear(own, experts[expert]);
            for (int row = 0; row < pairs.Length; row++)
            {
                products.Row(row).CopyTo(results.WritableRow(pairs[row]));
            }
        }

        return results;
    }

    /// <summary>Ends the threads, if they are its own.</summary>
    public void Dispose()
    {
        if (_alone)
        {
            _team.Dispose();
        }
    }

    private static CpuKeyValues Own(KeyValues cache) => cache as CpuKeyValues ?? throw new ArgumentException("the cache was made by another backend", nameof(cache));
}
