namespace PimSim.Traces.Engine.Weights;

/// <summary>A convolution over tokens and its kernel.</summary>
public sealed class ConvolutionWeights
{
    /// <summary>Joins a kernel with how it is applied.</summary>
    /// <param name="kernel">[outputs, taps x inputs], tap by tap; depthwise [channels, taps].</param>
    /// <param name="taps">Length of the kernel in tokens.</param>
    /// <param name="stride">Tokens from one result to the next.</param>
    /// <param name="padding">Zeros before the first and after the last token of a sequence, fewer than taps.</param>
    /// <param name="depthwise">Each channel has a filter of its own and no other input.</param>
    /// <param name="bias">One number for each output, or none.</param>
    public ConvolutionWeights(WeightTensor kernel, int taps, int stride = 1, int padding = 0, bool depthwise = false, ReadOnlyMemory<float> bias = default)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentOutOfRangeException.ThrowIfLessThan(taps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(padding, taps);
        if (depthwise ? kernel.Columns != taps : kernel.Columns < taps || kernel.Columns % taps != 0)
        {
            throw new ArgumentException($"a kernel [{kernel.Rows}, {kernel.Columns}] does not have {taps} taps", nameof(kernel));
        }

        if (!bias.IsEmpty && bias.Length != kernel.Rows)
        {
            throw new ArgumentException($"{bias.Length} biases for {kernel.Rows} outputs", nameof(bias));
        }

        Kernel = kernel;
        Taps = taps;
        Stride = stride;
        Padding = padding;
        Depthwise = depthwise;
        Bias = bias;
    }

    /// <summary>[outputs, taps x inputs], tap by tap; depthwise [channels, taps].</summary>
    public WeightTensor Kernel { get; }

    /// <summary>Length of the kernel in tokens.</summary>
    public int Taps { get; }

    /// <summary>Tokens from one result to the next.</summary>
    public int Stride { get; }

    /// <summary>Zeros before the first and after the last token of a sequence.</summary>
    public int Padding { get; }

    /// <summary>Each channel has a filter of its own.</summary>
    public bool Depthwise { get; }

    /// <summary>One number for each output, or none.</summary>
    public ReadOnlyMemory<float> Bias { get; }

    /// <summary>Channels read.</summary>
    public int Inputs => Depthwise ? Kernel.Rows : Kernel.Columns / Taps;

    /// <summary>Channels made.</summary>
    public int Outputs => Kernel.Rows;
}
