using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Speculative;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Speculative;

/// <summary>Whatever is drafted, greedy speculation writes the text of the model alone, token by token.</summary>
public class LosslessDraftsTests
{
    private static readonly int[] Prompt = [7, 3, 11, 29, 5, 5, 8, 2];
    private static readonly ModelShape EightTokens = TechniqueRuns.SmallLlama with { Vocab = 8 };

    /// <summary>Techniques with trees small enough for tests, and techniques as they ship.</summary>
    public static TheoryData<string, string, long> Cases
    {
        get
        {
            TheoryData<string, string, long> cases = [];
            foreach (string technique in new[] { "medusa", "hydra", "hydra-plus", "eagle", "falcon", "eagle-vlm", "specvlm" })
            {
                for (long seed = 1; seed <= 3; seed++)
                {
                    cases.Add(technique, "", seed);
                }
            }

            cases.Add("falcon", "block=3", 4);
            cases.Add("falcon", "block=1", 5);
            cases.Add("eagle-vlm", "totalTokens=7;topK=3;levels=3", 6);
            cases.Add("eagle", "treeChildren=1,1,1", 7);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_writes_the_text_of_the_model_alone(string technique, string changes, long seed)
    {
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        TechniqueSettings settings = Small(entry, changes);
        GenerationRequest request = TechniqueRuns.Request(Prompt.Length, 24, settings, seed: seed);
        List<Step> plain = TechniqueRuns.OnCpu(new Autoregressive(), TechniqueRuns.SmallLlama, request, Prompt);
        List<Step> drafted = TechniqueRuns.OnCpu(entry.Program, TechniqueRuns.SmallLlama, request, Prompt);
        Assert.Equal(TechniqueRuns.Text(plain), TechniqueRuns.Text(drafted));
        Assert.Equal(24, TechniqueRuns.Committed(drafted));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_writes_the_text_of_a_trained_model(string technique, string changes, long seed)
    {
        Assert.SkipWhen(seed > 1 && changes.Length == 0, "one seed of drafts is enough here");
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        int[] prompt = [.. "Anna has 12 apples. "u8.ToArray().Select(letter => (int)letter)];
        GenerationRequest request = TechniqueRuns.Request(prompt.Length, 16, Small(entry, changes), seed: seed);
        Assert.Equal(
            TechniqueRuns.Text(TechniqueRuns.OnBuiltin(new Autoregressive(), request, prompt)),
            TechniqueRuns.Text(TechniqueRuns.OnBuiltin(entry.Program, request, prompt)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Shapes_alone_give_the_operators_of_the_numbers(string technique, string changes, long seed)
    {
        Assert.SkipWhen(technique is "eagle-vlm" or "specvlm", "the tree itself depends on the numbers");
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        GenerationRequest request = TechniqueRuns.Request(Prompt.Length, 2, Small(entry, changes), seed: seed);

        // Two tokens: a round in which nothing can stand, with data or without.
        List<Step> numbers = TechniqueRuns.OnCpu(entry.Program, TechniqueRuns.SmallLlama, request, Prompt);
        List<Step> shapes = TechniqueRuns.OnShape(entry.Program, TechniqueRuns.SmallLlama, request);
        Assert.Equal(numbers.Select(Operators), shapes.Select(Operators));
    }

    /// <summary>Trees that hold every token of a vocabulary of eight on each of their levels.</summary>
    public static TheoryData<string, string, int> Complete => new()
    {
        { "medusa", "treeChildren=8,8,8,8,8,8,8,8,8;acceptedTokens=1", 2 },
        { "hydra", "treeChildren=8,8,8,8,8,8,8,8,8;acceptedTokens=1", 2 },
        { "hydra-plus", "treeChildren=8,8,8,8,8,8,8,8,8;acceptedTokens=1", 2 },
        { "eagle", "treeChildren=8,8,8,8,8,8,8,8,8;acceptedTokens=1", 2 },
        { "falcon", "block=1;treeChildren=8,8,8,8,8,8,8,8,8;acceptedTokens=1", 2 },
        { "falcon", "block=2;treeChildren=8,8,8,8,8,8,8,8,8;acceptedTokens=1", 2 },
        { "falcon", "block=4;treeChildren=8;acceptedTokens=1", 1 },
        { "eagle-vlm", "topK=8;levels=2;totalTokens=72;acceptedTokens=1", 2 },
    };

    [Theory]
    [MemberData(nameof(Complete))]
    public void All_drafts_stand_of_a_tree_that_holds_every_token(string technique, string changes, int depth)
    {
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        int[] prompt = [.. Prompt.Select(token => token % 8)];
        GenerationRequest request = TechniqueRuns.Request(prompt.Length, 1 + (5 * (depth + 1)), Small(entry, changes), seed: 11);
        List<Step> drafted = TechniqueRuns.OnCpu(entry.Program, EightTokens, request, prompt);
        Assert.Equal(Enumerable.Repeat((long)depth, 5), TechniqueRuns.Decisions(drafted, TreeVerification<ShapeTensor>.AcceptedDecision));
        Assert.Equal(TechniqueRuns.Text(TechniqueRuns.OnCpu(new Autoregressive(), EightTokens, request, prompt)), TechniqueRuns.Text(drafted));
    }

    [Theory]
    [MemberData(nameof(Complete))]
    public void Drafts_of_a_later_round_are_those_of_a_fresh_start(string technique, string changes, int depth)
    {
        Assert.SkipWhen(technique == "falcon" && !changes.StartsWith("block=1;", StringComparison.Ordinal), "which tokens are a block depends on where the network began to read");
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        int[] prompt = [.. Prompt.Select(token => token % 8)];
        GenerationRequest request = TechniqueRuns.Request(prompt.Length, 1 + (4 * (depth + 1)), Small(entry, changes), seed: 12);
        List<Step> steps = TechniqueRuns.OnCpu(entry.Program, EightTokens, request, prompt);
        List<long> text = TechniqueRuns.Text(steps);

        // Before the last round stand the first token and three rounds; the newest of them comes anew from the model.
        int[] read = [.. prompt, .. text.Take(3 * (depth + 1)).Select(token => (int)token)];
        List<Step> fresh = TechniqueRuns.OnCpu(entry.Program, EightTokens, TechniqueRuns.Request(read.Length, 1 + depth + 1, Small(entry, changes), seed: 12), read);
        Assert.Equal(
            TechniqueRuns.Decisions(fresh, TreeVerification<ShapeTensor>.DraftsDecision),
            TechniqueRuns.Decisions(steps.TakeLast(2), TreeVerification<ShapeTensor>.DraftsDecision));
    }

    [Theory]
    [InlineData("hydra", "")]
    [InlineData("eagle", "")]
    [InlineData("falcon", "block=1;")]
    [InlineData("falcon", "block=2;")]
    [InlineData("falcon", "block=3;")]
    public void A_way_through_a_tree_is_drafted_as_if_it_were_alone(string technique, string changes)
    {
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        List<long> DraftsOf(string children) => TechniqueRuns.Decisions(
            TechniqueRuns.OnCpu(
                entry.Program,
                TechniqueRuns.SmallLlama,
                TechniqueRuns.Request(Prompt.Length, 2, Small(entry, $"{changes}treeChildren={children};acceptedTokens=1"), seed: 13),
                Prompt),
            TreeVerification<ShapeTensor>.DraftsDecision);

        // The first of three, of three, of two; and below it one more.
        List<long> tree = DraftsOf("3,3,3,3,2,2,2,2,2,2,2,2,2,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1");
        Assert.Equal(DraftsOf("1,1,1,1"), [tree[0], tree[1], tree[4], tree[13], tree[31]]);
    }

    [Theory]
    [InlineData("medusa")]
    [InlineData("hydra-plus")]
    [InlineData("eagle")]
    [InlineData("falcon")]
    [InlineData("specvlm")]
    public void Without_numbers_as_many_drafts_stand_as_were_published(string technique)
    {
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        TechniqueSettings settings = Small(entry, "");
        List<Step> steps = TechniqueRuns.OnShape(entry.Program, TechniqueRuns.SmallLlama, TechniqueRuns.Request(16, 200, settings));
        List<long> accepted = TechniqueRuns.Decisions(steps, TreeVerification<ShapeTensor>.AcceptedDecision);
        Assert.Equal(200, TechniqueRuns.Committed(steps));

        // The last round has no room for all.
        Assert.Equal(settings.Number("acceptedTokens"), accepted.SkipLast(1).Average(), 1.0 / (accepted.Count - 1));
    }

    [Fact]
    public void Several_sequences_take_as_many_rows_each()
    {
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get("falcon");
        List<Step> one = TechniqueRuns.OnShape(entry.Program, TechniqueRuns.SmallLlama, TechniqueRuns.Request(16, 20, entry.Settings));
        List<Step> three = TechniqueRuns.OnShape(entry.Program, TechniqueRuns.SmallLlama, TechniqueRuns.Request(16, 20, entry.Settings, sequences: 3));
        Assert.Equal(3 * TechniqueRuns.Committed(one), TechniqueRuns.Committed(three));
        Assert.Equal(GemmRows(one).Select(rows => 3 * rows), GemmRows(three));
    }

    [Fact]
    public void A_draft_network_that_sees_pooled_tokens_reads_a_shorter_prompt()
    {
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get("specvlm");
        TechniqueSettings settings = entry.Settings.With([
            KeyValuePair.Create("visualTokens", System.Collections.Immutable.ImmutableArray.Create(40.0)),
            KeyValuePair.Create("pool", System.Collections.Immutable.ImmutableArray.Create(20.0))]);
        Step draft = TechniqueRuns.OnShape(entry.Program, TechniqueRuns.SmallLlama, TechniqueRuns.Request(50, 2, settings)).First(step => step.Phase == Phase.Draft);

        // Two of the pictures, ten of the text, and the first attention over all of them.
        Operator attention = draft.Blocks.SelectMany(block => block.Operators).First(op => op.Kind == OperatorKind.Attention);
        Assert.Equal((10, 12), (attention.Rows, attention.Context));
    }

    private static IEnumerable<int> GemmRows(List<Step> steps) => steps.SelectMany(step => step.Blocks).SelectMany(block => block.Operators).Where(op => op.Kind == OperatorKind.Gemm).Select(op => op.Rows);

    private static string Operators(Step step) => string.Join('\n', step.Blocks.Select(block => $"{block.Repeat}: {string.Join(", ", block.Operators)}"));

    /// <summary>The settings of a technique that fit prompts of tests.</summary>
    private static TechniqueSettings Small(TechniqueEntry entry, string changes)
    {
        IEnumerable<string> all = changes.Split(';', StringSplitOptions.RemoveEmptyEntries);
        if (entry.Name is "eagle-vlm" or "specvlm")
        {
            all = all.Prepend("visualTokens=4").Append(entry.Name == "specvlm" ? "pool=2" : "pool=1");
        }

        return entry.Settings.With(all.Select(change => change.Split('=')).Select(parts => KeyValuePair.Create(
            parts[0],
            System.Collections.Immutable.ImmutableArray.CreateRange(parts[1].Split(',').Select(number => double.Parse(number, System.Globalization.CultureInfo.InvariantCulture))))));
    }
}
