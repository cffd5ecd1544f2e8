using PimSim.Traces.Cuda;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Engines;
using PimSim.Workloads.Models;
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
        Assert.False(loaded);
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
}
