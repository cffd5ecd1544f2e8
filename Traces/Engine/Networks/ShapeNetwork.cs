using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using static PimSim.Traces.Engine.Networks.NetworkContract;

namespace PimSim.Traces.Engine.Networks;

/// <summary>Computes shapes only, and holds every call to them. Weights need no data.</summary>
/// <param name="activationType">Storage of activations.</param>
public sealed class ShapeNetwork(DataType activationType) : INetworkBackend<ShapeTensor>
{
    private readonly ShapeOperators _operators = new();

    /// <inheritdoc/>
    public DataType ActivationType { get; } = activationType;

    /// <inheritdoc/>
    public bool HasData => false;

    /// <inheritdoc/>
    public void BeginBlock()
    {
    }

    /// <inheritdoc/>
    public ShapeTensor Input(int rows, int columns, ReadOnlySpan<float> values)
    {
        Require(rows > 0 && columns > 0, $"an input of [{rows}, {columns}]");
        return New(rows, columns);
    }

    /// <inheritdoc/>
    public ShapeTensor Hold(ShapeTensor tensor) => tensor;

    /// <inheritdoc/>
    public ReadOnlySpan<float> Row(ShapeTensor tensor, int row) => throw new InvalidOperationException("a tensor without data has no numbers to look at");

    /// <inheritdoc/>
    public ShapeTensor Embed(WeightTensor table, ReadOnlySpan<int> ids, OperatorRole role = OperatorRole.Embedding)
    {
        ArgumentNullException.ThrowIfNull(table);
        RequireIds(table, ids);
        return New(ids.Length, table.Columns);
    }

    /// <inheritdoc/>
    public ShapeTensor Linear(ShapeTensor input, LinearLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireColumns(input, weights.Inputs);
        return New(input.Rows, weights.Outputs);
    }

    /// <inheritdoc/>
    public ShapeTensor Norm(ShapeTensor input, NormLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireColumns(input, weights.Width);
        return input;
    }

    /// <inheritdoc/>
    public ShapeTensor Activate(ShapeTensor input, ActivationKind kind, OperatorRole role) => New(input.Rows, ActivatedColumns(input, kind));

    /// <inheritdoc/>
    public ShapeTensor Add(ShapeTensor left, ShapeTensor right, OperatorRole role)
    {
        RequireSame(left, right);
        return left;
    }

    /// <inheritdoc/>
    public ShapeTensor Multiply(ShapeTensor left, ShapeTensor right, OperatorRole role)
    {
        RequireSame(left, right);
        return left;
    }

    /// <inheritdoc/>
    public ShapeTensor Modulate(ShapeTensor input, ShapeTensor scale, ShapeTensor shift, OperatorRole role = OperatorRole.Modulation)
    {
        RequireModulation(input, scale, shift);
        return input;
    }

    /// <inheritdoc/>
    public ShapeTensor Mix(ShapeTensor input, ReadOnlySpan<float> weights, int rowsPerResult, OperatorRole role = OperatorRole.Mixing) =>
        New(MixedRows(input, weights, rowsPerResult), input.Columns);

    /// <inheritdoc/>
    public ShapeTensor Softmax(ShapeTensor input, OperatorRole role) => input;

    /// <inheritdoc/>
    public ShapeTensor Join(ShapeTensor left, ShapeTensor right, OperatorRole role)
    {
        Require(left.Rows == right.Rows, $"{left} and {right} do not stand side by side");
        return New(left.Rows, checked(left.Columns + right.Columns));
    }

    /// <inheritdoc/>
    public ShapeTensor Columns(ShapeTensor input, int first, int count)
    {
        RequireSlice(input, first, count);
        return input with { Columns = count };
    }

    /// <inheritdoc/>
    public ShapeTensor Rows(ShapeTensor input, ReadOnlySpan<int> rows, OperatorRole role) => _operators.Gather(input, rows, role);

    /// <inheritdoc/>
    public ShapeTensor LastRows(ShapeTensor input, int groups)
    {
        BackendContract.RequireSequences(input, groups);
        return input with { Rows = groups };
    }

    /// <inheritdoc/>
    public ShapeTensor Rope(ShapeTensor input, int heads, int kvHeads, Rotary rotary, ReadOnlySpan<int> positions)
    {
        ArgumentNullException.ThrowIfNull(rotary);
        RequireRotation(input, heads + kvHeads, rotary, positions);
        return input;
    }

    /// <inheritdoc/>
    public KeyValues CreateKeyValues(KeyValueShape shape, int sequences, int capacity) => new(shape, sequences, capacity);

    /// <inheritdoc/>
    public void Append(ShapeTensor keysAndValues, KeyValues cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        cache.Extend(TokensOf(keysAndValues, cache));
    }

    /// <inheritdoc/>
    public ShapeTensor Attend(ShapeTensor queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(pattern);
        QueriesOf(queries, heads, cache, pattern);
        return New(queries.Rows, heads * cache.Shape.HeadDim);
    }

    /// <inheritdoc/>
    public ShapeTensor Scores(ShapeTensor queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.KvSelection)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(pattern);
        QueriesOf(queries, heads, cache, pattern);
        return New(cache.Sequences * cache.Shape.Heads, cache.Length);
    }

    /// <inheritdoc/>
    public void Keep(KeyValues cache, ReadOnlySpan<int> tokens, OperatorRole role = OperatorRole.KvSelection)
    {
        ArgumentNullException.ThrowIfNull(cache);
        RequireTokens(cache, tokens);
        cache.Truncate(tokens.Length);
    }

    /// <inheritdoc/>
    public void CopyTokens(KeyValues from, ReadOnlySpan<int> tokens, int count, KeyValues to, OperatorRole role = OperatorRole.KvSelection)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        RequireCopy(from, tokens, count, to);
        to.Extend(count);
    }

    /// <inheritdoc/>
    public ShapeTensor TopK(ShapeTensor input, int count, Span<int> columns, OperatorRole role) => _operators.TopK(input, count, columns, role);

    /// <inheritdoc/>
    public void Sample(ShapeTensor logits, Span<int> tokens)
    {
        Require(tokens.Length >= logits.Rows, $"room for {tokens.Length} tokens of {logits}");
        tokens.Clear();
    }

    /// <inheritdoc/>
    public ShapeTensor Convolve(ShapeTensor input, int sequences, ConvolutionWeights weights, OperatorRole role) => _operators.Convolve(input, sequences, weights, role);

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
    public ShapeTensor Reshape(ShapeTensor input, int rows) => input with { Rows = rows, Columns = ReshapedColumns(input, rows) };

    /// <inheritdoc/>
    public ShapeTensor AttendParts(ShapeTensor queries, int heads, ReadOnlySpan<KeyValues> parts, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention)
    {
        RequireParts(parts);
        return New(queries.Rows, heads * parts[0].Shape.HeadDim);
    }

    /// <inheritdoc/>
    public ShapeTensor AttendWithWeights(ShapeTensor queries, int heads, KeyValues cache, AttentionPattern pattern, out ShapeTensor weights, OperatorRole role = OperatorRole.Attention)
    {
        ShapeTensor result = Attend(queries, heads, cache, pattern, role);
        weights = New(queries.Rows, cache.Length);
        return result;
    }

    /// <inheritdoc/>
    public ShapeTensor LinearIntegers(ShapeTensor input, IntegerLayer weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        RequireColumns(input, weights.Inputs);
        LargestInteger(weights.Type);
        return New(input.Rows, weights.Outputs);
    }

    /// <inheritdoc/>
    public ShapeTensor Round(ShapeTensor input, DataType type)
    {
        LargestInteger(type);
        return input;
    }

    /// <inheritdoc/>
    public void Pass(int rows, int columns, DataType type, OperatorRole role) => Require(rows > 0 && columns > 0, $"a pass over [{rows}, {columns}]");

    /// <inheritdoc/>
    public void Place(ShapeTensor keysAndValues, KeyValues cache) => Append(keysAndValues, cache);

    /// <inheritdoc/>
    public ExpertRouting Route(ShapeTensor scores, int perToken, bool normalised) => new(scores.Rows, perToken, scores.Columns);

    /// <inheritdoc/>
    public ShapeTensor ExpertsUp(ShapeTensor input, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        (int inputs, int outputs) = RequireExperts(experts, routing);
        RequireColumns(input, inputs);
        Require(input.Rows == routing.Tokens, $"{input} for {routing.Tokens} tokens");
        return New(routing.Pairs, outputs);
    }

    /// <inheritdoc/>
    public ShapeTensor ExpertsDown(ShapeTensor inside, ExpertRouting routing, IReadOnlyList<LinearLayer> experts)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(experts);
        (int inputs, int outputs) = RequireExperts(experts, routing);
        RequireColumns(inside, inputs);
        Require(inside.Rows == routing.Pairs, $"{inside} for {routing.Pairs} pairs");
        return New(routing.Tokens, outputs);
    }

    private ShapeTensor New(int rows, int columns) => new(rows, columns, ActivationType);
}
