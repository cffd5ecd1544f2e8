using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using Xunit;

namespace PimSim.Workloads.Tests.Models;

public class PublishedModelsTests
{
    private static readonly PublishedModels Models = new(new ModelZoo([ModelZoo.ShippedFolder]));

    [Fact]
    public void Every_published_name_is_a_model_of_the_zoo() =>
        Assert.All(PublishedModels.Names, name => Assert.True(Models.Find(name) is { Gated: true, Norm: NormKind.RmsNorm }, name));

    [Fact]
    public void Names_are_not_guessed()
    {
        Assert.Equal("llama-3.1-8b", Models.NameInZoo("meta-llama/Llama-3.1-8B"));
        Assert.Equal("llama-3.1-8b", Models.NameInZoo("llama-3.1-8b"));
        Assert.Null(Models.NameInZoo("meta-llama/Llama-3.1-8B-Instruct-FP8"));
        Assert.Null(Models.Find("Qwen/Qwen3-32B"));
        Assert.Null(Models.Find("opt-6.7b"));
        Assert.Equal(new ModelSizes(4096, 32, 8, 128, 14336, 128256, NormKind.RmsNorm, ActivationKind.SwiGlu), Models.Find("meta-llama/Llama-3.1-8B"));
        Assert.True(Models.Find("qwen2.5-7b")!.QkvBias);
    }
}
