using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Networks;

/// <summary>
/// Computes what networks of any architecture are made of: weights and caches come with the call, positions and masks are explicit. Tensors that
/// do not fit an operation are a bug of the caller: <see cref="ArgumentException"/>. Not thread-safe. docs/networks.md has the formulas.
/// </summary>
/// <typeparam name="TTensor">Where activations live.</typeparam>
public interface INetworkBackend<TTensor>
    where TTensor : ITensor
{
    /// <summary>Storage of activations.</summary>
    DataType ActivationType { get; }

    /// <summary>Tensors hold numbers: what a technique decides is computed from them. Without, it is drawn.</summary>
    bool HasData { get; }

    /// <summary>A layer begins, or what comes before or after the layers. Nothing is computed; tensors of the block before the last may be gone.</summary>
    void BeginBlock();

    /// <summary>Numbers from outside (features, noise): no work. Where nothing is computed they are not looked at.</summary>
    TTensor Input(int rows, int columns, ReadOnlySpan<float> values);

    /// <summary>A copy that lives as long as anybody holds it; no work.</summary>
    TTensor Hold(TTensor tensor);

    /// <summary>The numbers of one row.</summary>
    /// <exception cref="InvalidOperationException">There are none: <see cref="HasData"/> is false.</exception>
    ReadOnlySpan<float> Row(TTensor tensor, int row);

    /// <summary>Rows of a table: [ids, columns].</summary>
    TTensor Embed(WeightTensor table, ReadOnlySpan<int> ids, OperatorRole role = OperatorRole.Embedding);

    /// <summary>Product with a matrix, plus its bias if it has one.</summary>
    TTensor Linear(TTensor input, LinearLayer weights);

    /// <summary>Normalisation of each row.</summary>
    TTensor Norm(TTensor input, NormLayer weights);

    /// <summary>Nonlinearity; gated ones halve the width.</summary>
    TTensor Activate(TTensor input, ActivationKind kind, OperatorRole role);

    /// <summary>Sum of two tensors of one shape.</summary>
    TTensor Add(TTensor left, TTensor right, OperatorRole role);

    /// <summary>Product of numbers at the same place.</summary>
    TTensor Multiply(TTensor left, TTensor right, OperatorRole role);

    /// <summary>x (1 + scale) + shift, with one row of scale and shift for each of so many equal groups of rows.</summary>
    /// <param name="input">[rows, width].</param>
    /// <param name="scale">[groups, width]; groups divides rows.</param>
    /// <param name="shift">The same shape.</param>
    /// <param name="role">What it is for.</param>
    TTensor Modulate(TTensor input, TTensor scale, TTensor shift, OperatorRole role = OperatorRole.Modulation);

    /// <summary>Weighted sums of rows: result r is the sum over i of weights[r k + i] times input row r k + i, with k rows for each result.</summary>
    TTensor Mix(TTensor input, ReadOnlySpan<float> weights, int rowsPerResult, OperatorRole role = OperatorRole.Mixing);

    /// <summary>Probabilities of each row.</summary>
    TTensor Softmax(TTensor input, OperatorRole role);

    /// <summary>Two tensors side by side, a copy of each row.</summary>
    TTensor Join(TTensor left, TTensor right, OperatorRole role);

    /// <summary>Some columns: a view, no work.</summary>
    TTensor Columns(TTensor input, int first, int count);

    /// <summary>Rows by number, a copy.</summary>
    TTensor Rows(TTensor input, ReadOnlySpan<int> rows, OperatorRole role);

    /// <summary>The last rows of each of so many equal groups of rows: a view, no work.</summary>
    TTensor LastRows(TTensor input, int groups);

    /// <summary>Heads rotated by the positions of their rows.</summary>
    /// <param name="input">[rows, more columns than all heads]; columns behind the heads stay as they are.</param>
    /// <param name="heads">Query heads to rotate, from the first column on.</param>
    /// <param name="kvHeads">Key heads behind them to rotate too; 0 for queries alone.</param>
    /// <param name="rotary">How.</param>
    /// <param name="positions">One for each row of a sequence; all sequences have the same.</param>
    TTensor Rope(TTensor input, int heads, int kvHeads, Rotary rotary, ReadOnlySpan<int> positions);

    /// <summary>An empty cache.</summary>
    /// <param name="shape">Of one token.</param>
    /// <param name="sequences">Sequences held.</param>
    /// <param name="capacity">Tokens reserved for each.</param>
    KeyValues CreateKeyValues(KeyValueShape shape, int sequences, int capacity);

    /// <summary>Writes keys and values of new tokens behind those that are there.</summary>
    /// <param name="keysAndValues">[sequences x tokens, keys then values].</param>
    /// <param name="cache">Is extended.</param>
    /// <exception cref="Format.Documents.PimSimUserException">More than was reserved.</exception>
    void Append(TTensor keysAndValues, KeyValues cache);

    /// <summary>Attention of queries over a cache: [rows, heads x head dimension].</summary>
    /// <param name="queries">[sequences x queries, at least all heads].</param>
    /// <param name="heads">Query heads; a multiple of the cache's.</param>
    /// <param name="cache">Keys and values.</param>
    /// <param name="pattern">What each query sees.</param>
    /// <param name="role">What it is for.</param>
    TTensor Attend(TTensor queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention);

    /// <summary>
    /// How much attention each cached token gets: [sequences x key/value heads, context], the mean of the probabilities over the queries of a
    /// sequence and the heads that share a key/value head.
    /// </summary>
    TTensor Scores(TTensor queries, int heads, KeyValues cache, AttentionPattern pattern, OperatorRole role = OperatorRole.KvSelection);

    /// <summary>Keeps these tokens of a cache, the same of every sequence and head, in this order, and forgets the others: copies of those that move.</summary>
    void Keep(KeyValues cache, ReadOnlySpan<int> tokens, OperatorRole role = OperatorRole.KvSelection);

    /// <summary>Writes tokens of one cache behind those of another of the same shape.</summary>
    /// <param name="from">Is read.</param>
    /// <param name="tokens">Which: a row of places for each key/value head of each sequence in turn, all equally long; or one row for all of them.</param>
    /// <param name="count">Length of a row.</param>
    /// <param name="to">Is extended by so many.</param>
    /// <param name="role">What it is for.</param>
    void CopyTokens(KeyValues from, ReadOnlySpan<int> tokens, int count, KeyValues to, OperatorRole role = OperatorRole.KvSelection);

    /// <summary>The largest values of each row in descending order, with their columns.</summary>
    TTensor TopK(TTensor input, int count, Span<int> columns, OperatorRole role);

    /// <summary>The most likely token of each row of logits; 0 where nothing is computed.</summary>
    void Sample(TTensor logits, Span<int> tokens);

    /// <summary>Convolution over the tokens of each sequence, as <see cref="IOperatorBackend{TTensor, TQuantised}.Convolve"/>.</summary>
    TTensor Convolve(TTensor input, int sequences, ConvolutionWeights weights, OperatorRole role);

    /// <summary>The program handles items on the host. Only recorded.</summary>
    void HostWork(int items, OperatorRole role = OperatorRole.Host);

    /// <summary>Numbers go to the host's memory or come from it. Only recorded.</summary>
    void HostCopy(int rows, int columns, OperatorRole role = OperatorRole.Offload);

    /// <summary>The program passes so many times over numbers of this shape with kernels of its own (masks, indices, lists of candidates). Only recorded.</summary>
    void Passes(int passes, int rows, int columns, OperatorRole role = OperatorRole.Other);

    /// <summary>
    /// Keeps the first tokens of caches of one shape, and behind them these, for caches that lie in one piece: one copy of the rows out of all of
    /// them, and one back. The others are forgotten.
    /// </summary>
    /// <param name="caches">All of one shape and length.</param>
    /// <param name="first">Tokens that stay where they are.</param>
    /// <param name="tokens">Tokens that follow them, by place.</param>
    /// <param name="role">What it is for.</param>
    void KeepTogether(ReadOnlySpan<KeyValues> caches, int first, ReadOnlySpan<int> tokens, OperatorRole role = OperatorRole.KvSelection);

    /// <summary>The same numbers in the same order on another number of rows: a view, no work.</summary>
    /// <param name="input">[rows, columns].</param>
    /// <param name="rows">A divisor of rows x columns.</param>
    TTensor Reshape(TTensor input, int rows);

    /// <summary>Attention over several caches of equal heads, one behind the other, as if they were one: parts of a cache that are stored differently.</summary>
    TTensor AttendParts(TTensor queries, int heads, ReadOnlySpan<KeyValues> parts, AttentionPattern pattern, OperatorRole role = OperatorRole.Attention);

    /// <summary>
    /// Attention whose probabilities are looked at too, as eager code has them in memory: for each query and token of the context their mean over
    /// all heads, [rows, context]. The sum over heads is one more operator.
    /// </summary>
    TTensor AttendWithWeights(TTensor queries, int heads, KeyValues cache, AttentionPattern pattern, out TTensor weights, OperatorRole role = OperatorRole.Attention);

    /// <summary>
    /// Product of whole numbers (held as numbers) with a matrix of whole numbers, times the scale of each output in the kernel's end: the product
    /// of a quantised layer, computed in integers of the layer's type.
    /// </summary>
    TTensor LinearIntegers(TTensor input, IntegerLayer weights);

    /// <summary>To the nearest whole numbers that the integer type holds, ties to even: the end of the kernel that made them, no work.</summary>
    TTensor Round(TTensor input, DataType type);

    /// <summary>A kernel reads numbers of a type that no tensor holds and writes as many (a cache copied as a whole, scales, factors). Only recorded.</summary>
    void Pass(int rows, int columns, DataType type, OperatorRole role);

    /// <summary>The experts that each token visits: the best by the router's scores [tokens, experts], of equal ones the lowest.</summary>
    /// <param name="scores">Of the router, before the softmax.</param>
    /// <param name="perToken">Experts that a token visits.</param>
    /// <param name="normalised">The weights of a token add up to 1; else they are its probabilities over all experts.</param>
    ExpertRouting Route(TTensor scores, int perToken, bool normalised);

    /// <summary>The first products of experts: a row for each pair of a token and an expert that it visits, token by token.</summary>
    TTensor ExpertsUp(TTensor input, ExpertRouting routing, IReadOnlyList<LinearLayer> experts);

    /// <summary>Their second products, those of a token added up by its weights: [tokens, outputs].</summary>
    TTensor ExpertsDown(TTensor inside, ExpertRouting routing, IReadOnlyList<LinearLayer> experts);

    /// <summary>As <see cref="Append"/>, of keys and values that no later step looks at: they are not written to a cache, but one pass puts head by head in order.</summary>
    void Place(TTensor keysAndValues, KeyValues cache);
}
