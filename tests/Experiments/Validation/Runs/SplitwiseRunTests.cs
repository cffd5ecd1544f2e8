using System.Globalization;
using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Measurements;
using Xunit;

namespace PimSim.Experiments.Tests.Validation.Runs;

/// <summary>The shipped stack against the runs that its host costs were fitted on; docs/validation.md has the figures.</summary>
public class SplitwiseRunTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("a100-80")]
    [InlineData("h100-sxm")]
    public void Token_steps_of_Llama_2_70B_are_predicted_within_ten_per_cent(string device)
    {
        string file = SharedData.Require("realgpu/splitwise-sim/data/perf_model.csv");
        ValidationResult result = Validator.Run(new ValidationRequest([file], device, "vllm-2023"), TestContext.Current.CancellationToken);
        foreach (ClassErrors kind in result.Classes)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind.Class}: {kind.Errors.Count} rows, MAPE {kind.Errors.MeanAbsolute:P1}, median {kind.Errors.Median:P1}, bias {kind.Errors.Bias:P1}"));
        }

        ErrorStatistics tokens = result.Classes.Single(kind => kind.Class == MeasurementClass.TokenStep).Errors;
        Assert.True(tokens.Count > 100, "there are many of them");
        Assert.InRange(tokens.MeanAbsolute, 0.001, 0.1);
    }
}
