using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Speculative;

public class DraftHeadsTests
{
    [Theory]
    [InlineData("medusa", 1)]
    [InlineData("hydra", 2)]
    [InlineData("hydra-plus", 3)]
    public void It_writes_the_text_of_the_model_alone(string technique, long seed)
    {
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        int[] prompt = [7, 3, 11, 29];
        GenerationRequest request = TechniqueRuns.Request(4, 24, entry.Settings, seed: seed);
        List<Step> plain = TechniqueRuns.OnCpu(new Autoregressive(), TechniqueRuns.SmallLlama, request, prompt);
        List<Step> drafted = TechniqueRuns.OnCpu(entry.Program, TechniqueRuns.SmallLlama, request, prompt);
        Assert.Equal(24, TechniqueRuns.Committed(drafted));
        Assert.Equal(TechniqueRuns.Text(plain), TechniqueRuns.Text(drafted));
    }
}
