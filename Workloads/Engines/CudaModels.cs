using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using PimSim.Traces.Cuda;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Engines;

/// <summary>Opens models on a GPU. A class of its own, so that nothing loads ILGPU before it is called.</summary>
[SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes the model, and with it backend and device.")]
public static class CudaModels
{
    /// <summary>The name of the backend.</summary>
    public const string BackendName = "cuda";

    /// <summary>Opens the first GPU, then the weights, and copies them to it.</summary>
    /// <param name="load">Gives the weights; called only if there is a GPU. They are disposed once they are copied.</param>
    /// <param name="tokenize">The model's tokenizer, if it has one.</param>
    /// <exception cref="PimSimUserException">There is no GPU, the weights cannot be read, or they do not fit.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IEngineModel Open(Func<IModelWeights> load, Func<string, int[]>? tokenize = null) => Open(load, (weights, device) =>
    {
        CudaBackend backend = new(weights, device);
        return new EngineModel<CudaTensor>(BackendName, backend, backend.Clock, tokenize, new OwnedPair(backend, device)) { BeginToken = weights.Numerics.BeginToken };
    });

    /// <summary>The same for an encoder-decoder.</summary>
    /// <param name="load">Gives the weights; called only if there is a GPU. They are disposed once they are copied.</param>
    /// <param name="tokenize">The model's tokenizer, if it has one.</param>
    /// <exception cref="PimSimUserException">There is no GPU, the weights cannot be read, or they do not fit.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static IEngineModel OpenEncoderDecoder(Func<IEncoderDecoderWeights> load, Func<string, int[]>? tokenize = null) => Open(load, (weights, device) =>
    {
        CudaEncoderDecoderBackend backend = new(weights, device);
        return new EncoderDecoderEngineModel<CudaTensor>(BackendName, backend, backend.Clock, tokenize, new OwnedPair(backend, device));
    });

    private static IEngineModel Open<TWeights>(Func<TWeights> load, Func<TWeights, CudaDevice, IEngineModel> copy)
        where TWeights : IDisposable
    {
        ArgumentNullException.ThrowIfNull(load);
        var device = CudaDevice.Open();
        try
        {
            using TWeights weights = load();
            return copy(weights, device);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }
}
