using ILGPU;

namespace PimSim.Traces.Cuda.Kernels;

/// <summary>Convolutions over the tokens of each sequence. A thread has one value. Grid: values / threads of a group.</summary>
internal static class ConvolutionKernels
{
    /// <summary>The tokens under the kernel side by side, tap by tap, one row for each result: what is left is a product.</summary>
    [DeviceKernel]
    public static void Windows(ArrayView<float> input, ArrayView<float> result, int count, ConvolutionShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int width = shape.Taps * shape.Channels;
        int row = element / width;
        int column = element % width;
        result[((long)row * shape.ResultStride) + column] = Token(input, shape, row, column / shape.Channels, column % shape.Channels);
    }

    /// <summary>One filter for each channel: taps from the first to the last, then the bias. The channels of a tap stand side by side.</summary>
    [DeviceKernel]
    public static void Depthwise(ArrayView<float> input, ArrayView<float> filters, ArrayView<float> bias, ArrayView<float> result, int count, ConvolutionShape shape)
    {
        int element = Grid.GlobalIndex.X;
        if (element >= count)
        {
            return;
        }

        int row = element / shape.Channels;
        int channel = element % shape.Channels;
        float sum = 0;
        for (int tap = 0; tap < shape.Taps; tap++)
        {
            sum += filters[((long)tap * shape.Channels) + channel] * Token(input, shape, row, tap, channel);
        }

        result[((long)row * shape.ResultStride) + channel] = shape.HasBias != 0 ? sum + bias[channel] : sum;
    }

    private static float Token(ArrayView<float> input, ConvolutionShape shape, int row, int tap, int channel)
    {
        int token = (row % shape.Results * shape.Stride) + tap - shape.Padding;
        float value = 0;
        if (token >= 0 && token < shape.Tokens)
        {
            value = input[((long)((row / shape.Results * shape.Tokens) + token) * shape.InputStride) + channel];
        }

        return value;
    }
}
