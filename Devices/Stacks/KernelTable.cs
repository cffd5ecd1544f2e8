using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Stacks;

/// <summary>
/// How many kernels (library calls on a CPU) a software stack runs for one operator. Norms and activations differ by
/// variant: eager code writes an RMS norm or a tanh GELU as a chain of elementwise kernels.
/// </summary>
public sealed record KernelTable(
    int Embedding,
    int Gemm,
    int LayerNorm,
    int RmsNorm,
    int Rope,
    int KvAppend,
    int Attention,
    int Gelu,
    int Relu,
    int SwiGlu,
    int GeGlu,
    int Add,
    int Sample,
    int Convolution,
    int Fft,
    int Gather,
    int Scatter,
    int TopK,
    int Quantise,
    int Dequantise,
    int SparseGemm,
    int Softmax,
    int AttentionScores)
{
    /// <summary>More kernels than this for one operator is taken for a slip of the pen.</summary>
    private const int MostKernels = 1000;

    /// <summary>Kernels of an operator.</summary>
    public int Of(in Operator op) => op.Kind switch
    {
        OperatorKind.Embedding => Embedding,
        OperatorKind.Gemm or OperatorKind.GroupedGemm => Gemm,
        OperatorKind.Norm => op.Norm == NormKind.RmsNorm ? RmsNorm : LayerNorm,
        OperatorKind.Rope => Rope,
        OperatorKind.KvAppend => KvAppend,
        OperatorKind.Attention => Attention,
        OperatorKind.Activation => OfActivation(op.Activation),
        OperatorKind.Add or OperatorKind.Elementwise => Add,
        OperatorKind.Sample => Sample,
        OperatorKind.Convolution or OperatorKind.DepthwiseConvolution => Convolution,
        OperatorKind.ChannelFft or OperatorKind.TokenFft => Fft,
        OperatorKind.Gather => Gather,
        OperatorKind.Scatter => Scatter,
        OperatorKind.TopK => TopK,
        OperatorKind.Quantise => Quantise,
        OperatorKind.Dequantise => Dequantise,
        OperatorKind.SparseGemm => SparseGemm,
        OperatorKind.Softmax => Softmax,
        OperatorKind.AttentionScores => AttentionScores,
        _ => throw new ArgumentOutOfRangeException(nameof(op)),
    };

    /// <summary>Reads the mapping of operator names to counts; every name must be there. Faults go to the problem list.</summary>
    public static KernelTable Read(CatalogueEntry entry, DataNode kernels, int least = 1)
    {
        int Count(string key) => entry.Integer(kernels, key, least, MostKernels);
        KernelTable table = new(
            Count("embedding"),
            Count("gemm"),
            Count("layer_norm"),
            Count("rms_norm"),
            Count("rope"),
            Count("kv_append"),
            Count("attention"),
            Count("gelu"),
            Count("relu"),
            Count("swiglu"),
            Count("geglu"),
            Count("add"),
            Count("sample"),
            Count("convolution"),
            Count("fft"),
            Count("gather"),
            Count("scatter"),
            Count("top_k"),
            Count("quantise"),
            Count("dequantise"),
            Count("sparse_gemm"),
            Count("softmax"),
            Count("attention_scores"));
        kernels.RejectUnknownKeys();
        return table;
    }

    private int OfActivation(ActivationKind activation) => activation switch
    {
        ActivationKind.Gelu => Gelu,
        ActivationKind.Relu or ActivationKind.Sigmoid or ActivationKind.Silu or ActivationKind.Tanh => Relu,
        ActivationKind.SquaredRelu => 2 * Relu,
        ActivationKind.SwiGlu => SwiGlu,
        ActivationKind.GeGlu => GeGlu,
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };
}
