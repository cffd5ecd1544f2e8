using PimSim.Traces.Cuda;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Engines;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Tests.Techniques;
using Xunit;

namespace PimSim.Workloads.Tests.Engines;

public class CudaModelsTests
{
    [Fact]
    public void Without_a_GPU_no_weights_are_loaded_and_the_message_names_what_works()
    {
        Assert.SkipWhen(CudaDevice.Count() > 0, "this machine has a CUDA device");
        bool loaded = false;
        PimSimUserException refused = Assert.Throws<PimSimUserException>(() => CudaModels.Open(() =>
        {
            loaded = true;
            throw new InvalidOperationException("not to be called");
        }));
        PimSimUserException refusedToo = Assert.Throws<PimSimUserException>(() => CudaModels.OpenEncoderDecoder(() =>
        {
            loaded = true;
            throw new InvalidOperationException("not to be called");
        }));
        Assert.False(loaded);
        Assert.Equal(refused.Message, refusedToo.Message);
        Assert.StartsWith("no CUDA device found", refused.Message, StringComparison.Ordinal);
        Assert.Contains(CudaModels.BackendName, EngineModels.Backends);
    }

    [Fact]
    public void With_a_GPU_a_model_opens_under_the_name_of_the_backend()
    {
        Assert.SkipWhen(CudaDevice.Count() == 0, "no CUDA device on this machine");
        ModelShape shape = new ModelZoo([ModelZoo.ShippedFolder]).Shape("gpt2-small") with { Layers = 1, WeightType = DataType.Fp16 };
        using IEngineModel model = CudaModels.Open(() => new RandomWeights(shape, new ModelNumerics(), 1));
        Assert.Equal(CudaModels.BackendName, model.Backend);
        Assert.Equal(DataType.Fp32, ((EngineModel<CudaTensor>)model).Shape.ActivationType);
    }

    [Fact]
    public void A_folder_with_an_encoder_decoder_asks_for_a_GPU_as_any_other()
    {
        Assert.SkipWhen(CudaDevice.Count() > 0, "this machine has a CUDA device");
        string folder = Directory.CreateTempSubdirectory("pimsim-t5").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "config.json"), """{"model_type": "t5"}""");
            PimSimUserException refused = Assert.Throws<PimSimUserException>(() => EngineModels.Open(folder, CudaModels.BackendName, new ModelZoo([ModelZoo.ShippedFolder])));
            Assert.StartsWith("no CUDA device found", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void With_a_GPU_an_encoder_decoder_opens_and_generates()
    {
        Assert.SkipWhen(CudaDevice.Count() == 0, "no CUDA device on this machine");
        using IEngineModel model = CudaModels.OpenEncoderDecoder(() => RandomEncoderDecoderWeights.Create(AutoregressiveTests.T5, new EncoderDecoderNumerics(), 1));
        Assert.Equal(CudaModels.BackendName, model.Backend);
        Check((EncoderDecoderEngineModel<CudaTensor>)model);
    }

    [Fact]
    public void On_an_emulated_device_an_encoder_decoder_generates()
    {
        using var device = CudaDevice.Emulate();
        using IEncoderDecoderWeights weights = RandomEncoderDecoderWeights.Create(AutoregressiveTests.T5, new EncoderDecoderNumerics(), 1);
        using CudaEncoderDecoderBackend backend = new(weights, device);
        using EncoderDecoderEngineModel<CudaTensor> model = new(CudaModels.BackendName, backend, backend.Clock);
        Check(model);
    }

    /// <summary>The trace is that of the direct source, with times and tokens beside it.</summary>
    private static void Check(EncoderDecoderEngineModel<CudaTensor> model)
    {
        Autoregressive technique = new();
        GenerationRequest request = new(4, 3, 2);
        Step[] expected = [.. new GenerationSource(model.Shape, technique, request).Steps()];
        Step[] measured = [.. model.Run(technique, request, new int[] { 3, 4, 5, 6, 7, 8, 9, 10 })];
        Assert.Equal(expected.Select(step => step.CommittedTokens), measured.Select(step => step.CommittedTokens));
        Assert.All(expected.Zip(measured), pair => Assert.Equal(pair.First.Blocks, pair.Second.Blocks));
        Assert.All(measured, step => Assert.Equal(step.Count, step.MeasuredNanoseconds.Length));
        Assert.Contains(measured, step => step.Decisions.Length > 0);
    }
}
