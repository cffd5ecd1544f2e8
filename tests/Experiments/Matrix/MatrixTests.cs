using PimSim.Experiments.Files;
using PimSim.Experiments.Matrix;
using PimSim.Experiments.Techniques;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Techniques;
using Xunit;

namespace PimSim.Experiments.Tests.Matrix;

public class MatrixTests
{
    private const string Text = """
        title: two
        systems:
          - a100
          - {system: lamina-1-2, label: Lamina}
          - pim-gpt
          - t4
        matrix:
          techniques: [autoregressive, medusa, hydra]
          common: {model: gpt2-small, prompt: 20, tokens: 12, batches: [1, 2]}
          own: true
          fewerTokens: {pim-gpt: 6}
          ownTokens: 10
          pimRows: 100000
        """;

    private static readonly Lazy<MatrixResult> Sample = new(() => Run(Text, 1));

    [Fact]
    public void Every_technique_has_a_point_for_each_system_and_workload()
    {
        MatrixResult result = Sample.Value;

        // Plain decoding has no run of its own beside itself.
        Assert.Equal(4 * (2 + (2 * 3)), result.Points.Count);
        Assert.Equal(["own", "batch 1", "batch 2"], result.Workloads.Select(workload => workload.Word));
        Assert.DoesNotContain(result.Points, point => point.IsBug);
        Assert.All(result.Points, point => Assert.True(point.Result is not null || point.Fault.Length > 0, $"{point.Technique} on {point.System} says nothing"));
    }

    [Fact]
    public void Plain_decoding_is_as_fast_as_itself_and_a_speed_up_is_the_ratio_of_rates()
    {
        Assert.All(Sample.Value.Points.Where(point => point is { Technique: "autoregressive", Result: not null }), point => Assert.Equal(1, point.SpeedUp));
        MatrixPoint medusa = Point("medusa", "batch 1", "a100");
        MatrixPoint plain = Point("autoregressive", "batch 1", "a100");
        Assert.Equal(medusa.TokensPerSecond / plain.TokensPerSecond, medusa.SpeedUp);
        Assert.Equal(12, medusa.Result!.Tokens);
        Assert.Equal(medusa.Result.Joules / 12, medusa.JoulesPerToken);
        Assert.Equal(medusa.Result.Dollars / 12 * 1e6, medusa.DollarsPerMillionTokens);
    }

    [Fact]
    public void A_technique_runs_what_its_first_claim_ran()
    {
        MatrixPoint own = Point("hydra", "own", "a100");
        ProblemList problems = new();
        TechniqueClaim first = TechniqueClaim.Read(TechniqueCatalogue.Shipped.Read("hydra", problems)).First(claim => claim.Metric.Word == "speedUp");
        Assert.Equal(first.Run with { Hardware = own.Run!.Hardware, GeneratedTokens = 10 }, own.Run);
        Assert.Equal((first.Run.GeneratedTokens, 10L), (own.WantedTokens, own.Result!.Tokens));
        Assert.Equal("autoregressive", own.Over);
        Assert.True(own.SpeedUp > 1);
    }

    [Fact]
    public void A_point_that_cannot_run_says_why_and_the_others_run()
    {
        MatrixPoint misfit = Point("hydra", "own", "pim-gpt");
        Assert.Null(misfit.Result);
        Assert.Contains("does not fit", misfit.Fault, StringComparison.Ordinal);
        Assert.NotNull(Point("hydra", "batch 2", "pim-gpt").Result);
    }

    [Fact]
    public void Fewer_tokens_are_generated_where_that_is_asked_and_it_is_said()
    {
        MatrixPoint slow = Point("medusa", "batch 1", "pim-gpt");
        Assert.Equal((6, 12, 6L), (slow.Run!.GeneratedTokens, slow.WantedTokens, slow.Result!.Tokens));
        Assert.Equal(6, slow.Plain!.Tokens);
        Assert.Equal(6, Sample.Value.Systems.Single(system => system.Label == "pim-gpt").MostTokens);
    }

    [Fact]
    public void A_point_of_too_many_rows_on_a_PIM_system_is_not_run_and_others_are()
    {
        MatrixResult few = Run(Text.Replace("pimRows: 100000", "pimRows: 1500", StringComparison.Ordinal), 1);
        MatrixPoint many = few.Points.Single(point => (point.Technique, point.Workload, point.System) == ("medusa", "batch 2", "pim-gpt"));
        Assert.Contains("more than 1500 rows", many.Fault, StringComparison.Ordinal);
        Assert.Null(many.Result);

        // 20 rows of the prompt and 5 more, 12 layers of 4 products, attention and cache write, less the head's.
        Assert.Null(few.Points.Single(point => (point.Technique, point.Workload, point.System) == ("autoregressive", "batch 1", "pim-gpt")).Result);
        Assert.NotNull(Point("autoregressive", "batch 1", "pim-gpt").Result);
    }

    [Fact]
    public void Threads_change_nothing() => Assert.Equal(Described(Sample.Value), Described(Run(Text, 2)));

    [Fact]
    public void A_tree_on_memory_that_multiplies_rows_one_by_one_costs_and_on_a_GPU_it_pays()
    {
        Assert.True(Point("medusa", "batch 1", "pim-gpt").SpeedUp < 1);
        Assert.True(Point("medusa", "batch 1", "a100").SpeedUp > 1);
        Assert.Equal("launch", Point("medusa", "batch 1", "a100").Bound!.Value.Word);
    }

    [Fact]
    public void Bounds_are_shares_of_all_time_and_components_of_one_word_are_added()
    {
        Dictionary<string, long> times = new() { ["memory"] = 40, ["mac-bound"] = 5, ["launch"] = 30, ["call"] = 14, ["new-thing"] = 11 };
        IReadOnlyDictionary<string, double> shares = Bounds.Shares(times);
        Assert.Equal(1, shares.Values.Sum(), 12);
        Assert.Equal((0.45, 0.44, 0.11), (shares["bandwidth"], shares["launch"], shares["new-thing"]));
        Assert.Equal(new BoundShare("bandwidth", 0.45), Bounds.Of(times));
        Assert.Null(Bounds.Of(new Dictionary<string, long>()));
    }

    [Fact]
    public void The_change_is_of_time_per_token_over_that_of_plain_decoding()
    {
        // 10 ps a token, 8 of them launches, become 5 ps, 2 of them launches: 60 % of the old time is saved there.
        MatrixPoint point = Given(Result(10, 50, ("launch", 20), ("memory", 30)), Result(10, 100, ("launch", 80), ("memory", 20)));
        Assert.Equal(2, point.SpeedUp!.Value, 12);
        Assert.Equal(("launch", -0.6), (point.Change!.Value.Word, Math.Round(point.Change.Value.Share, 12)));

        // Twice the tokens in the same time: the same per token.
        MatrixPoint slower = Given(Result(10, 100, ("launch", 80), ("memory", 20)), Result(20, 100, ("launch", 20), ("memory", 80)));
        Assert.Equal(("launch", 1.4), (slower.Change!.Value.Word, Math.Round(slower.Change.Value.Share, 12)));
    }

    [Theory]
    [InlineData("medusa, hydra", "medusa, medusa", "technique 'medusa' is listed twice")]
    [InlineData("medusa, hydra", "medussa", "medussa")]
    [InlineData("model: gpt2-small", "model: gpt-2", "gpt-2")]
    [InlineData("[1, 2]", "[2, 2]", "2 is listed twice")]
    [InlineData("{pim-gpt: 6}", "{pim: 6}", "the experiment has no system 'pim'")]
    [InlineData("own: true", "owns: true", "unknown key 'owns'")]
    [InlineData("title: two", "titel: two", "unknown key 'titel'")]
    public void What_is_wrong_is_said_with_its_place(string right, string wrong, string message)
    {
        string fault = Assert.Throws<PimSimUserException>(() => Read(Text.Replace(right, wrong, StringComparison.Ordinal))).Message;
        Assert.Contains(message, fault, StringComparison.Ordinal);
        Assert.Contains(".yaml:", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("title: two", "qqqqqqqqqqqqqqqq: 1\ntitle: two", "")]
    [InlineData("own: true", "qqqqqqqqqqqqqqqq: 1", "matrix")]
    public void The_schema_knows_the_keys_that_the_reader_knows(string right, string wrong, string section)
    {
        string message = Assert.Throws<PimSimUserException>(() => Read(Text.Replace(right, wrong, StringComparison.Ordinal))).Message;
        ExperimentText.AssertSchemaHasKeysOf("matrix.schema.json", section, message);
    }

    [Fact]
    public void Systems_can_be_chosen_and_unknown_ones_are_refused()
    {
        Assert.Equal(["t4"], Read(Text, "t4").Systems.Select(system => system.Label));
        Assert.NotEqual(Read(Text).InputHash, Read(Text, "t4").InputHash);
        Assert.Contains("no system 't5'", Assert.Throws<PimSimUserException>(() => Read(Text, "t5")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sample_reads_and_takes_all_techniques()
    {
        var experiment = MatrixExperimentReader.Read(ExperimentFile.Open(Path.Combine(SourceTree.Root, "samples", "matrix.yaml")), ExperimentSelection.All);
        Assert.Equal(6, experiment.Systems.Count);
        Assert.Equal(TechniqueCatalogue.Shipped.Names.Count, experiment.Techniques.Count);
    }

    private static MatrixPoint Point(string technique, string workload, string system) =>
        Sample.Value.Points.Single(point => (point.Technique, point.Workload, point.System) == (technique, workload, system));

    private static string Described(MatrixResult result) => string.Join('\n', result.Points.Select(point =>
        $"{point.Technique} {point.Workload} {point.System} {point.TokensPerSecond:R} {point.JoulesPerToken:R} {point.DollarsPerMillionTokens:R} {point.SpeedUp:R} {point.Fault} {point.Change}"));

    private static TechniqueResult Result(long tokens, long picoseconds, params (string Word, long Time)[] times) => new(
        1, tokens, 1, picoseconds * 1e-12, null, 1, null, 1, 1, 1, 1, 1, times.ToDictionary(time => time.Word, time => time.Time), 0);

    private static MatrixPoint Given(TechniqueResult run, TechniqueResult plain) => new()
    {
        Technique = "t",
        Family = "f",
        Paper = 0,
        System = "s",
        Workload = "own",
        Run = null,
        WantedTokens = 1,
        IsSequences = false,
        Result = run,
        Plain = plain,
        Over = "autoregressive",
        Fault = "",
    };

    private static MatrixResult Run(string text, int threads) => MatrixRunner.Run(Read(text), threads, null, CancellationToken.None);

    private static MatrixExperiment Read(string text, params string[] systems) => ExperimentText.Read(text, path =>
    {
        var file = ExperimentFile.Open(path);
        Assert.True(file.IsMatrix);
        return MatrixExperimentReader.Read(file, new ExperimentSelection([], systems, null));
    });
}
