using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.KvCache;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.KvCache;

/// <summary>Techniques that look at some of the cached tokens: with a budget for all of them they are full attention; they never read more than it.</summary>
public class SelectionTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 26).Select(token => (token * 11) % 50)];
    private static readonly int[] Letters = [.. "It was late. The old man sat; nobody spoke. "u8.ToArray().Select(letter => (int)letter)];

    public static TheoryData<string> Techniques => ["alisa", "snap-kv", "sentence-kv", "full-kv-hf", "flexgen"];

    [Theory]
    [MemberData(nameof(Techniques))]
    public void With_a_full_budget_it_writes_the_text_of_the_model(string technique)
    {
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        for (long seed = 1; seed <= 4; seed++)
        {
            GenerationRequest request = TechniqueRuns.Request(Prompt.Length, 20, Full(technique), seed: seed);
            List<Step> plain = TechniqueRuns.OnCpu(new Autoregressive(), TechniqueRuns.SmallLlama, request, Prompt);
            List<Step> own = TechniqueRuns.OnCpu(entry.Program, TechniqueRuns.SmallLlama, request, Prompt);
            Assert.Equal(20, TechniqueRuns.Committed(own));
            Assert.Equal(TechniqueRuns.Text(plain), TechniqueRuns.Text(own));
        }
    }

    [Theory]
    [MemberData(nameof(Techniques))]
    public void With_a_full_budget_it_writes_the_text_of_the_builtin_model(string technique)
    {
        GenerationRequest request = TechniqueRuns.Request(Letters.Length, 32, Full(technique));
        List<Step> plain = TechniqueRuns.OnBuiltin(new Autoregressive(), request, Letters);
        List<Step> own = TechniqueRuns.OnBuiltin(TechniqueCatalogue.Shipped.Get(technique).Program, request, Letters);
        Assert.Equal(TechniqueRuns.Text(plain), TechniqueRuns.Text(own));
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(0.75)]
    public void ALISA_reads_no_more_than_its_ratio(double ratio)
    {
        TechniqueSettings settings = TechniqueRuns.Settings("alisa", ("cachingRatio", [ratio]), ("kvBits", [16]));
        List<Step> steps = TechniqueRuns.OnCpu(new Alisa(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(Prompt.Length, 20, settings), Prompt);
        for (int step = 1; step < steps.Count; step++)
        {
            int cached = Prompt.Length + step;
            int[] contexts = [.. Attentions(steps[step])];
            Assert.All(contexts, context => Assert.InRange(context, 1, (int)Math.Round(cached * ratio, MidpointRounding.AwayFromZero)));
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(40)]
    public void SnapKV_reads_no_more_of_the_prompt_than_its_budget(int budget)
    {
        TechniqueSettings settings = TechniqueRuns.Settings("snap-kv", ("budget", [budget]), ("window", [4]));
        List<Step> steps = TechniqueRuns.OnCpu(new SnapKv(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(Prompt.Length, 20, settings), Prompt);
        for (int step = 1; step < steps.Count; step++)
        {
            Assert.All(Attentions(steps[step]), context => Assert.Equal(Math.Min(budget, Prompt.Length) + step, context));
        }
    }

    [Theory]
    [InlineData(6, 2)]
    [InlineData(12, 3)]
    public void SentenceKV_reads_no_more_than_its_budget_and_its_own_sentence(int budget, int ratio)
    {
        TechniqueSettings settings = TechniqueRuns.Settings("sentence-kv", ("budget", [budget]), ("keptRatio", [ratio]), ("window", [2]));
        List<Step> steps = TechniqueRuns.OnBuiltin(new SentenceKv(), TechniqueRuns.Request(Letters.Length, 60, settings), Letters);
        int ended = 0;
        int sentence = 0;
        foreach (Step step in steps.Skip(1))
        {
            sentence++;
            long[] read = [.. TechniqueRuns.Decisions([step], SentenceKv.ReadDecision)];
            Assert.Equal([budget + sentence], read);
            Operator[] attentions = [.. KvOperators.All(step).Where(op => op.Kind == OperatorKind.Attention)];
            Assert.All(attentions, op => Assert.Contains(op.Context, (int[])[budget, sentence]));
            if (KvOperators.All(step).Any(op => op.Kind == OperatorKind.Gather && op.Rows == sentence && op.Role == OperatorRole.KvSelection) && Ends(step, steps))
            {
                ended++;
                sentence = 0;
            }
        }

        Assert.True(ended > 0, "no sentence ended");
    }

    [Theory]
    [InlineData("snap-kv")]
    [InlineData("full-kv-hf")]
    [InlineData("flexgen")]
    public void Shapes_and_numbers_take_the_same_operators(string technique)
    {
        TechniqueSettings settings = technique == "snap-kv" ? TechniqueRuns.Settings(technique, ("budget", [9]), ("window", [4])) : TechniqueRuns.Settings(technique);
        KvOperators.AssertSame(TechniqueCatalogue.Shipped.Get(technique).Program, TechniqueRuns.SmallLlama, TechniqueRuns.Request(Prompt.Length, 12, settings), Prompt);
    }

    [Fact]
    public void ALISA_takes_the_same_operators_on_shapes_while_all_lies_on_the_device()
    {
        TechniqueSettings settings = TechniqueRuns.Settings("alisa", ("cachingRatio", [0.5]));
        KvOperators.AssertSame(new Alisa(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(Prompt.Length, 12, settings), Prompt);
    }

    [Fact]
    public void SentenceKV_takes_the_same_operators_on_shapes_where_the_sentences_are_as_long()
    {
        // Marks (1) at every fifth place of the prompt; a text of one sentence, as the ends are no other token's.
        int[] prompt = [.. Enumerable.Range(0, 25).Select(token => token % 5 == 4 ? 1 : 2 + token)];
        TechniqueSettings settings = TechniqueRuns.Settings("sentence-kv", ("budget", [8]), ("window", [2]), ("sentenceTokens", [5]), ("sentenceEnds", [1]));
        List<Step> steps = TechniqueRuns.OnCpu(new SentenceKv(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(25, 5, settings), prompt);
        Assert.DoesNotContain(1, TechniqueRuns.Text(steps));
        KvOperators.AssertSame(new SentenceKv(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(25, 5, settings), prompt);
    }

    [Fact]
    public void Several_sequences_on_data_are_refused() => Assert.Throws<PimSimUserException>(() =>
        TechniqueRuns.OnCpu(new SnapKv(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(4, 3, TechniqueRuns.Settings("snap-kv"), sequences: 2), new int[8]));

    private static bool Ends(Step step, List<Step> steps)
    {
        // The token that the step has read is what the one before chose.
        int index = steps.IndexOf(step);
        return TechniqueRuns.Text([steps[index - 1]]) is [{ } token] && token is 10 or 33 or 46 or 59 or 63;
    }

    private static IEnumerable<int> Attentions(Step step) =>
        KvOperators.All(step).Where(op => op.Kind == OperatorKind.Attention).Select(op => op.Context);

    private static TechniqueSettings Full(string technique) => technique switch
    {
        "alisa" => TechniqueRuns.Settings(technique, ("cachingRatio", [1]), ("kvBits", [16]), ("deviceTokens", [12]), ("recomputeFrom", [30]), ("recomputeShare", [0.5])),
        "snap-kv" => TechniqueRuns.Settings(technique, ("budget", [1000])),
        "sentence-kv" => TechniqueRuns.Settings(technique, ("budget", [1000]), ("offload", [1])),
        _ => TechniqueRuns.Settings(technique),
    };
}
