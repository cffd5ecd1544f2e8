using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using Xunit;

namespace PimSim.Workloads.Tests.Models;

public class ModelZooTests
{
    private static readonly ModelZoo Zoo = new([ModelZoo.ShippedFolder]);

    public static TheoryData<string> Names => [.. Zoo.Names];

    /// <summary>Models of papers that publish a range of parameters, or those of the layers alone.</summary>
    private static readonly string[] WithoutCount = ["sqa-dense", "vanilla-5m", "vanilla-19m", "vanilla-85m", "vanilla-302m"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_model_has_its_published_parameters_to_1_percent(string name)
    {
        ProblemList problems = new();
        ModelEntry entry = Zoo.Read(name, problems);
        problems.ThrowIfAny();
        Assert.Equal(WithoutCount.Contains(name), entry.PublishedParameters is null);
        Assert.InRange(entry.Shape.Footprint(1, 1).Parameters / (double)(entry.PublishedParameters ?? entry.Shape.Footprint(1, 1).Parameters), 0.99, 1.01);
        Assert.NotEmpty(entry.File.Values);
        Assert.All(entry.File.Values, value => Assert.NotEqual("", value.Source));
        Assert.Equal(name, entry.Shape.Name);
    }

    [Fact]
    public void The_families_are_there()
    {
        string[] some = ["gpt2-small", "gpt2-xl", "gpt3-small", "gpt3-xl", "opt-6.7b", "llama-1-7b", "llama-2-70b", "llama-3-8b", "llama-3.1-8b", "llama-3.2-1b", "mistral-7b", "qwen2.5-7b", "mixtral-8x7b", "qwen3-8b", "qwen3-30b-a3b"];
        Assert.Empty(some.Except(Zoo.Names));
    }

    // Totals that other programs count in the released weights.
    [Theory]
    [InlineData("gpt2-small", 124_439_808)]
    [InlineData("llama-2-7b", 6_738_415_616)]
    [InlineData("llama-3-8b", 8_030_261_248)]
    [InlineData("mixtral-8x7b", 46_702_792_704)]
    [InlineData("qwen3-8b", 8_190_735_360)]
    [InlineData("qwen3-30b-a3b", 30_532_122_624)]
    public void Parameters_are_exact(string name, long parameters) => Assert.Equal(parameters, Zoo.Shape(name).Footprint(1, 1).Parameters);

    [Fact]
    public void The_zoo_agrees_with_the_table_of_facts()
    {
        string facts = SharedData.Require("facts/models.md");
        int compared = 0;
        foreach (string[] row in File.ReadLines(facts).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)))
        {
            string name = ZooName(row[1]);
            if (!Zoo.Names.Contains(name))
            {
                continue;
            }

            ModelShape shape = Zoo.Shape(name);
            int[] numbers = [shape.Layers, shape.Hidden, shape.Heads, shape.KvHeads, shape.HeadDim, shape.Ffn];
            string[] expected = [.. numbers.Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture))];
            expected[5] = shape.HasExperts ? $"{shape.Experts} experts ×{shape.Ffn}, top-{shape.ExpertsPerToken}" : expected[5];
            Assert.Equal(row[2..8], expected);
            Assert.Equal(row[8].StartsWith("yes", StringComparison.Ordinal), shape.Gated);
            Assert.Equal((row[9], row[10], row[11]), ($"{shape.Vocab}", $"{shape.MaxPositions}", shape.Tied ? "yes" : "no"));
            Assert.Equal(long.Parse(row[14].Replace(",", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture), KvAppendBytes(shape));
            compared++;
        }

        // The table ends before Qwen 3 and has none of the models of single papers.
        string[] others = [.. WithoutCount, "bloomz-7b1", "gpt-j-6b"];
        Assert.Equal(Zoo.Names.Count(name => !name.StartsWith("qwen3-", StringComparison.Ordinal) && !others.Contains(name)), compared);
    }

    [Fact]
    public void A_decode_step_is_about_two_operations_and_two_bytes_per_parameter() => Assert.All(Zoo.Names, name =>
    {
        ModelShape shape = Zoo.Shape(name);
        Step step = FirstStep(shape);
        long embedding = shape.Tied ? 0 : (long)shape.Vocab * shape.Hidden;
        long positions = shape.Position == PositionKind.Learned ? (long)shape.MaxPositions * shape.Hidden : 0;
        long unvisited = (long)shape.Layers * (shape.Experts - shape.ExpertsPerToken) * 3 * shape.Hidden * shape.Ffn;
        double read = shape.Footprint(1, 1).Parameters - embedding - positions - unvisited;
        Assert.InRange(step.Cost().Flops / read, 2, 2.03);
        Assert.InRange(step.Cost().WeightBytes / read, 2, 2.001);
    });

    private static long KvAppendBytes(ModelShape shape) => FirstStep(shape).Cost().KvWriteBytes;

    private static Step FirstStep(ModelShape shape) =>
        new GenerationSource(shape, new PimSim.Workloads.Techniques.Autoregressive(), new(1, 1, 1)).Steps().First();

    private static string ZooName(string row)
    {
        string name = row.Split(" (", 2)[0].Split(" / ", 2)[0].Split(" = ", 2)[0];
        string[] words = name.Split(' ');
        if (name.StartsWith("GPT-3", StringComparison.Ordinal))
        {
            words = words[..2];
        }

        return string.Join('-', words).ToLowerInvariant()
            .Replace("gpt-", "gpt", StringComparison.Ordinal)
            .Replace("-v0.1", "", StringComparison.Ordinal);
    }
}
