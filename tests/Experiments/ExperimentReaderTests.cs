using CsCheck;
using PimSim.Experiments.Files;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Experiments.Tests;

public class ExperimentReaderTests
{
    private const string Text = """
        title: t
        models: [gpt2-small]
        systems: [pim-gpt, {system: pim-gpt, label: slow, set: {asic.clock: 100 MHz}}]
        generatedTokens: 3
        """;

    [Fact]
    public void A_changed_parameter_reaches_the_device_and_is_noted()
    {
        Experiment experiment = Read(Text);
        Assert.Equal(["asic.clock = 100 MHz"], experiment.Systems[1].Changes);
        Assert.Contains(experiment.Systems[1].Definition.Parts, part => part.Values.Any(value => value.Name == "clock" && value.Value == "100 MHz"));
        Assert.DoesNotContain(experiment.Systems[0].Definition.Parts, part => part.Values.Any(value => value.Value == "100 MHz"));
        Assert.Equal("pim-gpt", experiment.Reference);
    }

    [Theory]
    [InlineData("generatedTokens: 3", "generatedTokens: 4")]
    [InlineData("100 MHz", "200 MHz")]
    [InlineData("gpt2-small", "gpt2-xl")]
    public void The_hash_changes_with_the_inputs(string old, string changed) =>
        Assert.NotEqual(Read(Text).InputHash, Read(Text.Replace(old, changed, StringComparison.Ordinal)).InputHash);

    [Fact]
    public void The_hash_is_the_same_for_the_same_inputs() => Assert.Equal(Read(Text).InputHash, Read(Text).InputHash);

    [Fact]
    public void A_selection_changes_the_hash_and_narrows_the_run()
    {
        Experiment experiment = Read(Text, new ExperimentSelection([], ["slow"], 1));
        Assert.Equal("slow", Assert.Single(experiment.Systems).Label);
        Assert.Equal(1, experiment.Request!.GeneratedTokens);
        Assert.NotEqual(Read(Text).InputHash, experiment.InputHash);
    }

    [Fact]
    public void Two_systems_of_one_label_are_refused() => Assert.Contains(
        "is listed twice",
        Assert.Throws<PimSimUserException>(() => Read(Text.Replace("label: slow, ", "", StringComparison.Ordinal))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Damaged_experiments_are_refused_and_never_crash() => Gen.Select(Gen.Int[0, Text.Length - 1], Gen.Char[' ', '~'], Gen.Bool).Sample(
        (place, character, cut) =>
        {
            string damaged = cut ? Text[..place] : Text[..place] + character + Text[(place + 1)..];
            try
            {
                Read(damaged);
            }
            catch (PimSimUserException fault)
            {
                Assert.NotEqual("", fault.Message);
            }
        },
        iter: 150);

    [Fact]
    public void The_schema_knows_the_keys_that_the_reader_knows()
    {
        // The reader lists what it knows when it meets a key that resembles nothing.
        string message = Assert.Throws<PimSimUserException>(() => Read(Text + "\nqqqqqqqqqqqqqqqq: 1\n")).Message;
        ExperimentText.AssertSchemaHasKeysOf("experiment.schema.json", "", message);
    }

    private static Experiment Read(string text, ExperimentSelection? selection = null) =>
        ExperimentText.Read(text, path => ExperimentReader.Read(path, selection ?? ExperimentSelection.All));
}
