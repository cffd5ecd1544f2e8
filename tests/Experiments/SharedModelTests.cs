using PimSim.Devices.Pim;
using PimSim.Experiments.Files;
using PimSim.Experiments.Results;
using PimSim.Experiments.Running;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Experiments.Tests;

/// <summary>Systems of several GPUs that share out a model, from an experiment file to its results.</summary>
public class SharedModelTests
{
    private const string Text = """
        title: one GPU and four
        models: [llama-3-8b]
        systems: [h100, h100x4]
        promptTokens: 100
        generatedTokens: 4
        sequences: 2
        """;

    [Fact]
    public void Four_share_the_work_the_energy_and_the_price()
    {
        ExperimentResult result = Run(Text);
        (PointResult one, PointResult four) = (result.Points[0], result.Points[1]);
        Assert.Equal(one.Parameters, four.Parameters);
        Assert.Equal(one.Tokens, four.Tokens);
        Assert.InRange(four.TokensPerSecond!.Value / one.TokensPerSecond!.Value, 1.2, 4);

        // Norms, sums and choices are done four times, the padding of the vocabulary once: products and attention are most of the work.
        Assert.InRange(four.Flops / (double)one.Flops, 1, 1.02);
        Assert.InRange(four.TraceBytes / (double)one.TraceBytes, 1, 1.1);
        Assert.True(four.Joules > one.Joules);
        Assert.Equal(four.Joules, four.EnergyAttojoules.Values.Sum(row => row.Values.Sum(value => (double)value)) * 1e-18, four.Joules * 1e-9);
        Assert.Contains(four.TimePicoseconds.Values, row => row.ContainsKey("links"));
        Assert.DoesNotContain(one.TimePicoseconds.Values, row => row.ContainsKey("links"));
        double ofOne = one.DollarsPerMillionTokens!.Value * one.TokensPerSecond!.Value;
        double ofFour = four.DollarsPerMillionTokens!.Value * four.TokensPerSecond!.Value;
        Assert.Equal(4 * ofOne, ofFour, ofFour * 1e-9);
        Assert.StartsWith("4 devices, each rented", four.PriceBasis, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_cannot_be_shared_out_is_named_before_anything_runs()
    {
        string fault = Assert.Throws<PimSimUserException>(() => Run(Text.Replace("llama-3-8b", "qwen2.5-0.5b", StringComparison.Ordinal))).Message;
        Assert.Contains("h100x4: 'qwen2.5-0.5b' cannot be shared out over 4 devices", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Owners_of_several_devices_pay_for_each_with_its_part_of_the_power()
    {
        OwnershipPrice each = new(10_000, 30_000, 0.5, 0.1, 1.2) { Basis = "bought" };
        Assert.Equal(3 * each.DollarsPerHour(100), GroupPrice.Of(each, 3).DollarsPerHour(300), 1e-12);
        Assert.Equal("3 devices, each bought", GroupPrice.Of(each, 3).Basis);
    }

    private static ExperimentResult Run(string text)
    {
        string path = Path.Combine(Path.GetTempPath(), $"pimsim-{Guid.NewGuid():N}.yaml");
        File.WriteAllText(path, text);
        try
        {
            Experiment experiment = ExperimentReader.Read(path, ExperimentSelection.All);
            ExperimentRunner.Check(experiment);
            return ExperimentRunner.Run(experiment, new RunSettings(new PimSimulation(Accelerate: true), 1), CancellationToken.None);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
