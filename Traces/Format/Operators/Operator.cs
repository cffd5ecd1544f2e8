using System.Runtime.CompilerServices;

namespace PimSim.Traces.Format.Operators;

/// <summary>What is computed.</summary>
public enum OperatorKind : byte
{
    /// <summary>Rows of a table of weights by token id: [Rows] ids to [Rows, Outputs].</summary>
    Embedding,

    /// <summary>Dense product [Rows, Inputs] x [Inputs, Outputs], with bias if <see cref="Operator.Bias"/>.</summary>
    Gemm,

    /// <summary>Layer or RMS normalisation of [Rows, Inputs].</summary>
    Norm,

    /// <summary>Rotary position embedding of queries and keys.</summary>
    Rope,

    /// <summary>Keys and values of [Rows] new tokens written to the cache.</summary>
    KvAppend,

    /// <summary>softmax(q K^T) V over the context, of which <see cref="Operator.Mask"/> says what each query sees.</summary>
    Attention,

    /// <summary>Elementwise nonlinearity on [Rows, Outputs].</summary>
    Activation,

    /// <summary>Elementwise sum of two [Rows, Outputs].</summary>
    Add,

    /// <summary>Choice of a token from [Rows, Inputs] logits: arg max.</summary>
    Sample,

    /// <summary>Measured work without a known shape: <see cref="Operator.Label"/> took <see cref="Operator.OpaqueNanoseconds"/>.</summary>
    Opaque,

    /// <summary>
    /// Convolution over the tokens of each sequence: [Rows, Inputs] with a kernel [Outputs, Taps x Inputs], every <see cref="Operator.Stride"/>
    /// tokens, with <see cref="Operator.Padding"/> zeros before and after.
    /// </summary>
    Convolution,

    /// <summary>The same with one filter of Taps numbers for each channel: Inputs = Outputs.</summary>
    DepthwiseConvolution,

    /// <summary>Fourier transform of the Inputs real channels of each row: Inputs / 2 + 1 complex numbers (the other half mirrors them).</summary>
    ChannelFft,

    /// <summary>Fourier transform of every channel over the n tokens of each sequence: n / 2 + 1 rows of complex numbers.</summary>
    TokenFft,

    /// <summary>[Rows, Outputs] chosen by row numbers.</summary>
    Gather,

    /// <summary>[Rows, Outputs] written over the rows with the given numbers of another tensor, which keeps its other rows.</summary>
    Scatter,

    /// <summary>The <see cref="Operator.Outputs"/> largest of [Rows, Inputs] in order, with their numbers.</summary>
    TopK,

    /// <summary>[Rows, Inputs] to integers (<see cref="Operator.WeightType"/>) with a scale for each <see cref="Operator.Group"/> channels.</summary>
    Quantise,

    /// <summary>[Rows, Inputs] integers with their scales back to activations.</summary>
    Dequantise,

    /// <summary>Product of [Rows, Inputs] with a matrix of which only <see cref="Operator.Nonzeros"/> numbers are stored, in compressed rows.</summary>
    SparseGemm,

    /// <summary>
    /// Products of a mixture of experts: [Rows, Inputs], a row for each pair of a token and an expert that it visits, each with the matrix
    /// [Inputs, Outputs] of its expert. The rows are spread evenly over <see cref="Operator.Experts"/> matrices, which are read once each.
    /// The second product of a layer also adds up the results of each token's experts, by their weights.
    /// </summary>
    GroupedGemm,

    /// <summary>Communication of <see cref="Operator.Ranks"/> devices; <see cref="CollectiveKind"/> says what the message [Rows, Outputs] is.</summary>
    Collective,

    /// <summary>
    /// Arithmetic on numbers at the same place of several tensors: [Rows, Outputs], each from <see cref="Operator.Inputs"/> numbers by as many
    /// operations (a product of two: 2; times a scale plus a shift: 3; a weighted sum of k: k).
    /// </summary>
    Elementwise,

    /// <summary>exp(x - maximum) over their sum, for each of [Rows, Inputs].</summary>
    Softmax,

    /// <summary>
    /// softmax(q K^T) without the values: for each key/value head and token of the context the mean over [Rows] queries and the heads that share it.
    /// </summary>
    AttentionScores,

    /// <summary>[Rows] items handled by the program on the host, one by one: a look-up, a comparison, an entry ranked.</summary>
    HostWork,

    /// <summary>[Rows, Outputs] numbers of <see cref="Operator.ActivationType"/> from the device's memory to the host's, or back.</summary>
    HostCopy,
}

/// <summary>What the operator is for; the key of breakdowns and of placement.</summary>
public enum OperatorRole : byte
{
    /// <summary>Token and position embedding.</summary>
    Embedding,

    /// <summary>Normalisation before attention.</summary>
    AttentionNorm,

    /// <summary>Query, key and value projection.</summary>
    QkvProjection,

    /// <summary>Position rotation.</summary>
    Rope,

    /// <summary>Cache writes.</summary>
    KvAppend,

    /// <summary>Scores, softmax and weighted sum.</summary>
    Attention,

    /// <summary>Projection of the attention result.</summary>
    OutputProjection,

    /// <summary>Normalisation before the feed-forward network.</summary>
    FfnNorm,

    /// <summary>First feed-forward product (gate and up together where gated).</summary>
    FfnUp,

    /// <summary>Feed-forward nonlinearity.</summary>
    FfnActivation,

    /// <summary>Second feed-forward product.</summary>
    FfnDown,

    /// <summary>Residual sums.</summary>
    Residual,

    /// <summary>Normalisation before the head.</summary>
    FinalNorm,

    /// <summary>Projection to the vocabulary.</summary>
    LmHead,

    /// <summary>Choice of the next token.</summary>
    Sample,

    /// <summary>What no other role fits.</summary>
    Other,

    /// <summary>Numbers become integers with scales.</summary>
    Quant,

    /// <summary>Integers with scales become numbers again.</summary>
    Dequant,

    /// <summary>Normalisation before cross-attention.</summary>
    CrossAttentionNorm,

    /// <summary>Query projection of cross-attention.</summary>
    CrossQueryProjection,

    /// <summary>Projection of what an encoder has read to the keys and values of cross-attention.</summary>
    CrossKvProjection,

    /// <summary>Scores, softmax and weighted sum over what an encoder has read.</summary>
    CrossAttention,

    /// <summary>Projection of the cross-attention result.</summary>
    CrossOutputProjection,

    /// <summary>Choice of the experts that each token visits.</summary>
    Router,

    /// <summary>Products and nonlinearity of the experts.</summary>
    Experts,

    /// <summary>Communication between devices.</summary>
    Collective,

    /// <summary>Normalisation of each head's query.</summary>
    QueryNorm,

    /// <summary>Normalisation of each head's key.</summary>
    KeyNorm,

    /// <summary>Joins the features that a draft network reads to the width that it works in.</summary>
    DraftInput,

    /// <summary>A draft network's own layers that no other role fits: heads, recurrent cells.</summary>
    DraftHead,

    /// <summary>Scale and shift of activations by a condition (class, time step).</summary>
    Modulation,

    /// <summary>Which cached tokens are kept or looked at: scores, ranking, gathering.</summary>
    KvSelection,

    /// <summary>Cached tokens to fewer bits and back.</summary>
    KvCompression,

    /// <summary>Data between the memories of device and host.</summary>
    Offload,

    /// <summary>Work of the program on the host.</summary>
    Host,

    /// <summary>Weighted sums of embeddings or logits.</summary>
    Mixing,

    /// <summary>The network that takes noise from continuous tokens.</summary>
    Denoiser,

    /// <summary>From tokens to pixels or samples, or from pixels and samples to what the model reads.</summary>
    Codec,
}

/// <summary>What the step is doing.</summary>
public enum Phase : byte
{
    /// <summary>The prompt is processed.</summary>
    Prefill,

    /// <summary>Tokens are generated.</summary>
    Decode,

    /// <summary>An encoder reads its input, and the keys and values of cross-attention are made from it.</summary>
    Encode,

    /// <summary>Tokens are proposed by something cheaper than the model.</summary>
    Draft,

    /// <summary>The model looks at what was proposed.</summary>
    Verify,

    /// <summary>All open places of a block are predicted at once, and some are filled.</summary>
    Denoise,
}

/// <summary>Which nonlinearity.</summary>
public enum ActivationKind : byte
{
    /// <summary>Not an activation.</summary>
    None,

    /// <summary>Gaussian error linear unit.</summary>
    Gelu,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>silu(gate) * up: reads two vectors, writes one.</summary>
    SwiGlu,

    /// <summary>gelu(gate) * up: reads two vectors, writes one.</summary>
    GeGlu,

    /// <summary>x sigmoid(x).</summary>
    Silu,

    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>max(x, 0) squared.</summary>
    SquaredRelu,
}

/// <summary>Which normalisation.</summary>
public enum NormKind : byte
{
    /// <summary>Not a normalisation.</summary>
    None,

    /// <summary>Mean and variance, scale and shift.</summary>
    LayerNorm,

    /// <summary>Root mean square, scale.</summary>
    RmsNorm,
}

/// <summary>
/// The unit of work between software and hardware: a shape, its data types, its role and its phase. FLOPs and bytes are
/// derived from it by <see cref="OperatorCost"/>, never stored. Fields that a kind does not use are 0.
/// </summary>
public readonly record struct Operator
{
    /// <summary>What is computed.</summary>
    public required OperatorKind Kind { get; init; }

    /// <summary>What it is for.</summary>
    public required OperatorRole Role { get; init; }

    /// <summary>What the step is doing.</summary>
    public required Phase Phase { get; init; }

    /// <summary>Tokens processed, over all sequences.</summary>
    public required int Rows { get; init; }

    /// <summary>Reduction length of a product; width of a norm; number of logits; entries of an attention's position bias per head.</summary>
    public int Inputs { get; init; }

    /// <summary>Width of the result; how many are chosen by a top-k.</summary>
    public int Outputs { get; init; }

    /// <summary>Independent sequences that <see cref="Rows"/> is spread over evenly (attention, cache writes, convolution, Fourier transform).</summary>
    public int Sequences { get; init; }

    /// <summary>Query heads.</summary>
    public int Heads { get; init; }

    /// <summary>Key/value heads; less than <see cref="Heads"/> under grouped-query attention.</summary>
    public int KvHeads { get; init; }

    /// <summary>Width of one head.</summary>
    public int HeadDim { get; init; }

    /// <summary>Tokens in the cache of one sequence, those of this step included; for a bidirectional attention the tokens looked at.</summary>
    public int Context { get; init; }

    /// <summary>The product adds a bias; an attention adds one to each score, learned for the distance of query and key.</summary>
    public bool Bias { get; init; }

    /// <summary>Length of the kernel of a convolution, in tokens.</summary>
    public int Taps { get; init; }

    /// <summary>Tokens from one result of a convolution to the next.</summary>
    public int Stride { get; init; }

    /// <summary>Zeros before the first and after the last token of a convolution; less than <see cref="Taps"/>.</summary>
    public int Padding { get; init; }

    /// <summary>Channels that share a scale when quantised; divides <see cref="Inputs"/>.</summary>
    public int Group { get; init; }

    /// <summary>Stored numbers of a sparse matrix.</summary>
    public int Nonzeros { get; init; }

    /// <summary>Expert matrices that a grouped product reads, 1 to <see cref="Rows"/>.</summary>
    public int Experts { get; init; }

    /// <summary>Devices that communicate.</summary>
    public int Ranks { get; init; }

    /// <summary>Which communication.</summary>
    public CollectiveKind Collective { get; init; }

    /// <summary>What an attention looks at.</summary>
    public AttentionMask Mask { get; init; }

    /// <summary>Which nonlinearity.</summary>
    public ActivationKind Activation { get; init; }

    /// <summary>Which normalisation.</summary>
    public NormKind Norm { get; init; }

    /// <summary>Storage of weights.</summary>
    public DataType WeightType { get; init; }

    /// <summary>Storage of activations.</summary>
    public DataType ActivationType { get; init; }

    /// <summary>Storage of keys and values.</summary>
    public DataType KvType { get; init; }

    /// <summary>What an opaque operator was called where it was measured; null for all others.</summary>
    public string? Label { get; init; }

    /// <summary>How long an opaque operator took where it was measured; 0 for all others.</summary>
    public long OpaqueNanoseconds { get; init; }

    /// <summary>
    /// Compares all fields. Written out because the recorder compares half a million operators per thousand steps, and the
    /// generated comparison is slow until the runtime has recompiled it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Equals(Operator other) =>
        Rows == other.Rows
        && Context == other.Context
        && Inputs == other.Inputs
        && Outputs == other.Outputs
        && Sequences == other.Sequences
        && Heads == other.Heads
        && KvHeads == other.KvHeads
        && HeadDim == other.HeadDim
        && Kind == other.Kind
        && Role == other.Role
        && Phase == other.Phase
        && Bias == other.Bias
        && Mask == other.Mask
        && Activation == other.Activation
        && Norm == other.Norm
        && WeightType == other.WeightType
        && ActivationType == other.ActivationType
        && KvType == other.KvType
        && Taps == other.Taps
        && Stride == other.Stride
        && Padding == other.Padding
        && Group == other.Group
        && Nonzeros == other.Nonzeros
        && Experts == other.Experts
        && Ranks == other.Ranks
        && Collective == other.Collective
        && OpaqueNanoseconds == other.OpaqueNanoseconds
        && Label == other.Label;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Role, Rows, Context, Inputs, Outputs, Heads);
}
