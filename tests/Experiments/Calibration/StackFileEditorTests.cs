using System.Collections.Immutable;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Experiments.Calibration;
using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Experiments.Tests.Calibration;

public class StackFileEditorTests
{
    private static readonly HardwareCatalogue Catalogue = new(null);

    [Fact]
    public void Fitted_constants_are_read_back_and_nothing_else_changes()
    {
        string file = Catalogue.Stacks.Open("vllm-0.14", new ProblemList()).Root.File;
        string text = File.ReadAllText(file);
        GpuStack stack = Read(file, text);
        StackFamily family = StackFamily.Of(stack, GpuArchitecture.Ampere).First(one => one.Section == "decode_attention");
        ImmutableArray<double> values = [.. family.Values.Select((value, index) => Math.Clamp(value * 1.25, family.Definitions[index].Minimum, family.Definitions[index].Maximum))];

        string edited = StackFileEditor.Replace(file, text, [Fit(family, values)], "fit-test", "a \"quoted\" source");

        ImmutableArray<double> read = Read(file, edited).DecodeAttention.First(one => one.Name == family.Name).Constants.Values;
        Assert.All(values.Zip(read), pair => Assert.Equal(pair.First, pair.Second, Math.Max(1e-9, pair.First * 1e-3)));
        string[] before = text.Split('\n');
        string[] after = [.. edited.Split('\n').Where(line => !line.StartsWith("  fit-test:", StringComparison.Ordinal))];
        Assert.Equal(before.Length, after.Length);
        Assert.Equal(values.Length, before.Zip(after).Count(pair => pair.First != pair.Second));
    }

    [Fact]
    public void A_constant_without_a_line_of_its_own_is_refused()
    {
        string file = Catalogue.Stacks.Open("vllm-0.14", new ProblemList()).Root.File;
        StackFamily family = StackFamily.Of(Read(file, File.ReadAllText(file)), GpuArchitecture.Ampere)[0];
        PimSimUserException refused = Assert.Throws<PimSimUserException>(() => StackFileEditor.Replace("mine.yaml", "sources:\ngemm: {}\n", [Fit(family, family.Values)], "fit", "x"));
        Assert.Contains("mine.yaml: no line", refused.Message, StringComparison.Ordinal);
    }

    private static FamilyFit Fit(StackFamily family, ImmutableArray<double> values) => new(family, 1, 1, 0, ErrorStatistics.Of([1.0])!, null, values);

    private static GpuStack Read(string file, string text)
    {
        ProblemList problems = new();
        GpuStack stack = GpuStack.Read(new CatalogueEntry(DataNode.Parse(file, text, problems)));
        Assert.Empty(problems.Problems);
        return stack;
    }
}
