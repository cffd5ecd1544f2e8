using System.Collections.Immutable;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>Weights of the diffusion head of a masked autoencoder.</summary>
internal sealed class MarDenoiser
{
    /// <summary>Features of a step's time.</summary>
    public const int TimeWidth = 256;

    /// <summary>
    /// Kernels on the noisy tokens in a step of the sampler beside the network: predicted start, mean, variance, noise and their sums. An
    /// estimate: neither counted in the reference's gaussian_diffusion.py nor profiled.
    /// </summary>
    public const int SamplerPasses = 24;

    public MarDenoiser(ParameterSet parameters, MarSizes sizes, int channels)
    {
        LinearLayer Linear(int inputs, int outputs) => parameters.Linear(OperatorRole.Denoiser, inputs, outputs, bias: true);
        int width = sizes.DenoiserHidden;
        Input = Linear(channels, width);
        Time = [Linear(TimeWidth, width), Linear(width, width)];
        Condition = Linear(sizes.Hidden, width);
        Blocks = [.. Enumerable.Range(0, sizes.DenoiserLayers).Select(_ => (
            Linear(width, 3 * width),
            parameters.Norm(OperatorRole.Denoiser, width, NormKind.LayerNorm),
            new LinearLayer[] { Linear(width, width), Linear(width, width) }))];
        LastModulation = Linear(width, 2 * width);
        LastNorm = parameters.Norm(OperatorRole.Denoiser, width, NormKind.LayerNorm);
        Output = Linear(width, 2 * channels);
    }

    public LinearLayer Input { get; }

    public LinearLayer[] Time { get; }

    public LinearLayer Condition { get; }

    public ImmutableArray<(LinearLayer Modulation, NormLayer Norm, LinearLayer[] Mlp)> Blocks { get; }

    public LinearLayer LastModulation { get; }

    public NormLayer LastNorm { get; }

    public LinearLayer Output { get; }
}
