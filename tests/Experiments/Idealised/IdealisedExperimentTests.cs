using PimSim.Experiments.Files;
using PimSim.Experiments.Idealised;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Experiments.Tests.Idealised;

public class IdealisedExperimentTests(ITestOutputHelper output)
{
    private const string Text = """
        title: two small models
        models: [gpt2-small, gpt2-xl]
        systems: [t4, a100, pim-gpt]
        idealised:
          canonical: a100
          promptTokens: [1, 64, 200]
          outputTokens: [1, 2, 8, 16]
          requests: [{promptTokens: 64, outputTokens: 8}, {promptTokens: 150, outputTokens: 40}]
        """;

    [Fact]
    public void Profiles_are_those_of_requests_simulated_alone_and_results_do_not_depend_on_threads()
    {
        IdealisedExperiment experiment = Read(Text);
        IdealisedExperimentResult one = IdealisedRunner.Run(experiment, 1, null, CancellationToken.None);
        IdealisedExperimentResult two = IdealisedRunner.Run(experiment, 2, null, CancellationToken.None);
        Assert.Equal(6, one.Points.Count);
        for (int i = 0; i < one.Points.Count; i++)
        {
            IdealisedPoint point = one.Points[i];
            Assert.Equal(point.Profile, two.Points[i].Profile);
            Assert.Equal(point.Requests, two.Points[i].Requests);
            Assert.Equal(12, point.Profile.Count);

            // One run of 16 tokens has the request of 8 in it. Alone, PIM reserves less memory for the cache, and its rows lie otherwise.
            ProfiledRequest profiled = point.Profile.Single(request => request is { PromptTokens: 64, OutputTokens: 8 });
            Assert.Equal(profiled.Seconds, point.Requests[0].SimulatedSeconds, point.System == "pim-gpt" ? profiled.Seconds * 1e-3 : 0);
            Assert.Equal(profiled.Joules, point.Requests[0].SimulatedJoules, point.System == "pim-gpt" ? profiled.Joules * 1e-3 : profiled.Joules * 1e-12);
            Assert.False(point.Requests[0].HeldOut);
            Assert.True(point.Requests[1].HeldOut);
        }
    }

    [Fact]
    public void Errors_on_requests_left_out_of_the_fit_are_told_and_dollars_follow_runtime_and_price()
    {
        foreach (IdealisedPoint point in IdealisedRunner.Run(Read(Text), 2, null, CancellationToken.None).Points)
        {
            IdealisedRequest request = point.Requests[1];
            output.WriteLine($"{point.Model} on {point.System}: {point.Runtime.PerOutputToken:G4} s/token, R2 {point.Runtime.RSquared:F5}, held out {request.SecondsError:P2} s, {request.JoulesError:P2} J");
            Assert.Equal((request.Seconds / request.SimulatedSeconds) - 1, request.SecondsError, 12);
            Assert.InRange(request.SecondsError, -0.3, 0.3);
            Assert.InRange(point.Runtime.RSquared, 0.9, 1);
            if (point.System == "t4")
            {
                Assert.Equal(request.Seconds * 0.526 / 3600, request.Dollars, request.Dollars * 1e-9);
            }
        }
    }

    [Fact]
    public void A_model_gets_the_fewest_GPUs_that_hold_it_unless_the_file_says_how_many()
    {
        string text = Text.Replace("[gpt2-small, gpt2-xl]", "[llama-2-7b, opt-30b, gpt3-175b]", StringComparison.Ordinal).Replace("[t4, a100, pim-gpt]", "[a100-megatron]", StringComparison.Ordinal)
            .Replace("canonical: a100", "gpus: {opt-30b: 4}", StringComparison.Ordinal).Replace("[1, 2, 8, 16]", "[1, 2]", StringComparison.Ordinal);
        IdealisedExperimentResult result = IdealisedRunner.Run(Read(text), 2, null, CancellationToken.None);
        Assert.Equal([1, 4, 8], result.Points.Select(point => point.Gpus));
        Assert.StartsWith("8 devices, each", result.Points[2].PriceBasis, StringComparison.Ordinal);
        Assert.Equal(result.Points[2].Requests[0].Seconds * 8 * 4.096 / 3600, result.Points[2].Requests[0].Dollars, 9);
    }

    [Fact]
    public void What_does_not_fit_is_said_all_at_once_before_anything_runs()
    {
        string text = Text.Replace("gpt2-xl", "llama-2-70b", StringComparison.Ordinal);
        string[] faults = Assert.Throws<PimSimUserException>(() => IdealisedRunner.Check(Read(text))).Message.Split(Environment.NewLine);
        Assert.Equal(3, faults.Length);
        Assert.Contains("more GPUs are not possible", faults[0], StringComparison.Ordinal);

        text = Text.Replace("[gpt2-small, gpt2-xl]", "[gpt3-175b]", StringComparison.Ordinal).Replace("[t4, a100, pim-gpt]", "[a100-megatron]", StringComparison.Ordinal)
            .Replace("canonical: a100", "gpus: {gpt3-175b: 3}", StringComparison.Ordinal);
        Assert.Contains("3 GPUs are not possible; 1, 2, 4, 8, 16 are", Assert.Throws<PimSimUserException>(() => IdealisedRunner.Check(Read(text))).Message, StringComparison.Ordinal);

        text = Text.Replace("promptTokens: [1, 64, 200]", "promptTokens: [1, 1020]", StringComparison.Ordinal);
        Assert.Contains("positions", Assert.Throws<PimSimUserException>(() => IdealisedRunner.Check(Read(text))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1, 2, 8, 16]", "[2, 8]", "1 is missing")]
    [InlineData("[1, 2, 8, 16]", "[1]", "1 are too few; 2 or more are needed")]
    [InlineData("[1, 64, 200]", "[1, 64, 64]", "64 is listed twice")]
    [InlineData("[1, 64, 200]", "[0]", "0 is out of range")]
    [InlineData("canonical: a100", "canonical: a10", "the experiment has no system 'a10'")]
    [InlineData("canonical: a100", "gpus: {gpt2: 2}", "the experiment has no model 'gpt2'")]
    [InlineData("canonical: a100", "claims2: x", "unknown key 'claims2'")]
    [InlineData("pim-gpt]", "lamina-2-4]", "serves streams of requests")]
    [InlineData("title: two", "claims: [helm]\ntitle: two", "unknown claims 'helm'")]
    public void What_is_wrong_is_said_with_its_place(string right, string wrong, string message)
    {
        string fault = Assert.Throws<PimSimUserException>(() => Read(Text.Replace(right, wrong, StringComparison.Ordinal))).Message;
        Assert.Contains(message, fault, StringComparison.Ordinal);
        Assert.Contains(".yaml:", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("title: two", "qqqqqqqqqqqqqqqq: 1\ntitle: two", "")]
    [InlineData("canonical: a100", "qqqqqqqqqqqqqqqq: 1", "idealised")]
    public void The_schema_knows_the_keys_that_the_reader_knows(string right, string wrong, string section)
    {
        string message = Assert.Throws<PimSimUserException>(() => Read(Text.Replace(right, wrong, StringComparison.Ordinal))).Message;
        ExperimentText.AssertSchemaHasKeysOf("idealised.schema.json", section, message);
    }

    [Fact]
    public void Shipped_claims_are_right_and_sourced()
    {
        foreach (string name in IdealisedClaims.Folder().Names)
        {
            ProblemList problems = new();
            IReadOnlyList<IdealisedClaim> claims = IdealisedClaims.Read(IdealisedClaims.Folder().Open(name, problems));
            Assert.Empty(problems.Problems);
            Assert.NotEmpty(claims);
            Assert.All(claims, claim => Assert.NotEqual("", claim.Source));
        }
    }

    /// <summary>One launch cost, fitted on the token time of GPT-J, against the models that it was not fitted on.</summary>
    [Fact]
    public void Token_times_of_paper_17_on_A100_come_out_for_models_that_nothing_was_fitted_on()
    {
        IdealisedExperimentResult result = IdealisedRunner.Run(
            IdealisedExperimentReader.Read(ExperimentFile.Open(Path.Combine(SourceTree.Root, "samples", "idealised.yaml"))), 2, null, CancellationToken.None);
        IdealisedClaimResult[] tokens = [.. result.Claims.Where(one => one.Claim.Metric == IdealisedMetric.SecondsPerOutputToken)];
        Assert.Equal(7, tokens.Length);
        Assert.Equal(["helm-gpt-j-6b"], tokens.Where(one => one.Claim.Class == "fitted").Select(one => one.Claim.Model));
        Assert.All(tokens, one => Assert.InRange(one.Ratio, 0.95, 1.05));

        // The misses are what docs/idealised.md says they are.
        output.WriteLine($"{result.Claims.Count(one => one.Verdict == "met")} of {result.Claims.Count} met");
        Assert.Equal((93, 60), (result.Claims.Count, result.Claims.Count(one => one.Verdict == "met")));
        Assert.All(result.Points.SelectMany(point => point.Requests).Where(request => request.HeldOut), request => Assert.InRange(request.SecondsError, -0.02, 0.02));
    }

    private static IdealisedExperiment Read(string text) => ExperimentText.Read(text, path =>
    {
        var file = ExperimentFile.Open(path);
        Assert.True(file.IsIdealised);
        return IdealisedExperimentReader.Read(file);
    });
}
