using System.Globalization;
using PimSim.Experiments.Results;
using PimSim.Reports.Figures;
using Xunit;

namespace PimSim.Reports.Tests.Figures;

public class FigureTests
{
    private static readonly ExperimentResult Sample = SampleResult.Small();
    private static readonly IReadOnlyList<RenderedFigure> Rendered = FigureSet.Render(Sample);

    // Many and long names: labels slant, legends break into lines, numbers stand upright.
    private static readonly IReadOnlyList<RenderedFigure> Crowded = FigureSet.Render(SampleResult.Of(
        [.. Enumerable.Range(1, 12).Select(number => $"meta-llama/Llama-{number}-chat")],
        ["pim-gpt", "t4", "a100 with a long name", "xeon-6154 (24 cores)", "pim-gpt with 8 banks and a name that is long"]));

    public static TheoryData<string> Names => [.. Rendered.Select(figure => figure.Name)];

    [Fact]
    public void A_result_has_a_figure_of_each_metric_and_ratio_and_four_breakdowns_of_each_PIM_system() => Assert.Equal(
        [
            "tokens-per-second", "milliseconds-per-token", "joules-per-token", "dollars-per-million-tokens", "speed-up", "energy-ratio",
            "latency-by-component-pim-gpt", "latency-by-operator-pim-gpt", "energy-by-component-pim-gpt", "energy-by-operator-pim-gpt",
        ],
        Rendered.Select(figure => figure.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_figure_says_what_it_shows_of_which_workload_and_where_it_comes_from(string name)
    {
        RenderedFigure figure = Rendered.Single(one => one.Name == name);
        IReadOnlyList<string> texts = new SvgPicture(figure).Texts;
        Assert.Contains(figure.Title, texts);
        Assert.Contains(Sample.Workload, texts);
        Assert.Contains(texts, text => text.Contains("PimSim 0.1.0", StringComparison.Ordinal) && text.Contains("inputs 3f2ac09d41b7 ", StringComparison.Ordinal));
        Assert.All(Sample.Models, model => Assert.Contains(model, texts));
        Assert.Contains("Model", texts);
    }

    [Theory]
    [InlineData("tokens-per-second", "Tokens per second")]
    [InlineData("milliseconds-per-token", "Time (ms per token)")]
    [InlineData("joules-per-token", "Energy (J per token)")]
    [InlineData("dollars-per-million-tokens", "Price ($ per million tokens)")]
    [InlineData("speed-up", "Speed-up (×)")]
    [InlineData("energy-ratio", "Energy ratio (×)")]
    [InlineData("latency-by-component-pim-gpt", "Time (µs per token)")]
    [InlineData("latency-by-operator-pim-gpt", "Share of time per token (%)")]
    [InlineData("energy-by-component-pim-gpt", "Energy (mJ per token)")]
    [InlineData("energy-by-operator-pim-gpt", "Energy (mJ per token)")]
    public void The_value_axis_has_its_unit(string name, string title) => Assert.Contains(title, Texts(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Text_is_drawn_into_the_PNG_too(string name)
    {
        Picture picture = new(Rendered.Single(one => one.Name == name).Png);
        double height = picture.Height / 2.0;
        Assert.True(picture.DarkPixels(0, 0, 1, 42 / height) > 500, "no title");
        Assert.True(picture.DarkPixels(0, 0.2, 34 / (picture.Width / 2.0), 0.9) > 300, "no title of the value axis");
        Assert.True(picture.DarkPixels(0.1, 1 - (85 / height), 1, 1 - (45 / height)) > 300, "no models");
    }

    [Fact]
    public void The_fonts_of_the_program_come_before_those_of_the_machine()
    {
        Assert.NotEmpty(Rendered);
        Assert.Same(typeof(FigureSet).Assembly, ScottPlot.Fonts.FontResolvers[0].GetType().Assembly);
    }

    [Fact]
    public void Nothing_is_cut_off_at_the_border()
    {
        foreach (RenderedFigure figure in Rendered.Concat(Crowded))
        {
            Picture picture = new(figure.Png);
            Assert.True(picture.InkAtBorder(12) == 0, $"{figure.Name} has ink at its border");
        }
    }

    [Theory]
    [InlineData("tokens-per-second", 9)]
    [InlineData("milliseconds-per-token", 9)]
    [InlineData("joules-per-token", 9)]
    [InlineData("dollars-per-million-tokens", 9)]
    [InlineData("speed-up", 6)]
    [InlineData("energy-ratio", 6)]
    [InlineData("latency-by-component-pim-gpt", 3 * 8)]
    [InlineData("latency-by-operator-pim-gpt", 3 * 9)]
    [InlineData("energy-by-component-pim-gpt", 3 * 9)]
    [InlineData("energy-by-operator-pim-gpt", 3 * 9)]
    public void There_is_a_bar_for_every_value(string name, int bars) => Assert.Equal(bars, Svg(name).Bars.Count);

    [Fact]
    public void Heights_of_bars_are_logarithms_of_their_values()
    {
        // Bars of one system come together, in the order of the models.
        double[] logarithms = [.. Sample.Systems.SelectMany(system => Sample.Models.Select(model => Math.Log10(Sample.Find(model, system)!.TokensPerSecond!.Value)))];
        double[] heights = [.. Svg("tokens-per-second").Bars.Select(bar => bar.Height)];
        double pixelsPerDecade = (heights[0] - heights[^1]) / (logarithms[0] - logarithms[^1]);
        Assert.True(pixelsPerDecade > 20);
        for (int bar = 0; bar < heights.Length; bar++)
        {
            Assert.Equal(heights[0] - heights[bar], (logarithms[0] - logarithms[bar]) * pixelsPerDecade, 0.01);
        }
    }

    [Theory]
    [InlineData("latency-by-component-pim-gpt")]
    [InlineData("energy-by-component-pim-gpt")]
    public void Pieces_of_a_stack_are_as_high_as_their_parts(string name)
    {
        bool time = name.StartsWith("latency", StringComparison.Ordinal);
        string[] components = time ? SampleResult.PimTime : SampleResult.PimEnergy;
        double[] values = [.. components.SelectMany(component => Sample.Models.Select(model => Of(Sample.Find(model, "pim-gpt")!, component)))];
        double[] heights = [.. Svg(name).Bars.Select(bar => bar.Height)];
        Assert.Equal(values.Length, heights.Length);
        double scale = heights.Sum() / values.Sum();
        Assert.All(values.Zip(heights), pair => Assert.Equal(pair.First * scale, pair.Second, 0.01));

        // Each piece stands on the one below it, and the lowest ones on one line.
        IReadOnlyList<(string Fill, double Y, double Height)> bars = Svg(name).Bars;
        for (int bar = 0; bar < bars.Count; bar++)
        {
            double below = bar < Sample.Models.Count ? bars[0].Y + bars[0].Height : bars[bar - Sample.Models.Count].Y;
            Assert.Equal(below, bars[bar].Y + bars[bar].Height, 0.01);
        }

        double Of(PointResult point, string component) => time ? point.TimeOf(component) : point.JoulesOf(component);
    }

    [Fact]
    public void Legends_list_every_system_once()
    {
        Assert.All(Sample.Systems, system => Assert.Single(Texts("tokens-per-second"), text => text == system));
        Assert.Equal(["t4", "xeon-6154"], Sample.Systems.Where(system => Texts("speed-up").Contains(system)));
    }

    [Fact]
    public void Legends_of_stacks_list_components_and_the_larger_operators()
    {
        Assert.All(SampleResult.PimTime, component => Assert.Contains(component, Texts("latency-by-component-pim-gpt")));
        Assert.All(SampleResult.PimEnergy, component => Assert.Contains(component, Texts("energy-by-component-pim-gpt")));
        string[] operators = ["QKV projection", "KV append", "attention", "output projection", "FFN up", "FFN activation", "FFN down", "LM head", "other (6)"];
        Assert.All(operators, name => Assert.Contains(name, Texts("latency-by-operator-pim-gpt")));
    }

    [Fact]
    public void The_value_is_printed_over_every_bar_of_a_ratio()
    {
        foreach (PointResult point in Sample.Points.Where(point => point.System != Sample.Reference))
        {
            double speedUp = Sample.Find(point.Model, "pim-gpt")!.TokensPerSecond!.Value / point.TokensPerSecond!.Value;
            Assert.Contains(Texts("speed-up"), text => IsAbout(text, speedUp));
        }
    }

    [Fact]
    public void Heights_of_ratios_count_from_one()
    {
        double[] ratios = [.. Sample.Points.Where(point => point.System == "t4").Concat(Sample.Points.Where(point => point.System == "xeon-6154"))
            .Select(point => Math.Log10(Sample.SpeedUpOfReferenceOver(point)!.Value))];
        double[] heights = [.. Svg("speed-up").Bars.Select(bar => bar.Height)];
        Assert.All(ratios.Zip(heights), pair => Assert.Equal(heights[0] / ratios[0], pair.Second / pair.First, 0.01));
    }

    [Fact]
    public void A_ratio_below_one_hangs_from_one()
    {
        ExperimentResult slower = Sample with { Reference = "t4" };
        SvgPicture picture = new(FigureSet.Render(slower).Single(figure => figure.Name == "speed-up"));
        (string _, double y, double height)[] overPim = [.. picture.Bars.Where(bar => bar.Fill == "#0072B2")];
        (string _, double y, double height)[] overXeon = [.. picture.Bars.Where(bar => bar.Fill == "#56B4E9")];
        Assert.All(overPim, down => Assert.All(overXeon, up => Assert.Equal(up.y + up.height, down.y, 0.01)));
    }

    [Fact]
    public void What_was_not_run_has_no_bar_and_a_result_without_a_reference_no_ratios()
    {
        ExperimentResult partial = Sample with { Points = [.. Sample.Points.Where(point => point.System == "t4" && point.Model != "gpt2-xl")] };
        IReadOnlyList<RenderedFigure> figures = FigureSet.Render(partial);
        Assert.Equal(["tokens-per-second", "milliseconds-per-token", "joules-per-token", "dollars-per-million-tokens"], figures.Select(figure => figure.Name));
        Assert.Equal(2, new SvgPicture(figures[0]).Bars.Count);
        Assert.Empty(FigureSet.Render(Sample with { Points = [] }));
    }

    [Fact]
    public void A_value_that_has_no_logarithm_has_no_bar()
    {
        ExperimentResult odd = Sample with
        {
            Points = [.. Sample.Points.Select(point => point with { JoulesPerToken = point.System == "t4" ? 0 : point.JoulesPerToken, DollarsPerMillionTokens = double.NaN })],
        };
        IReadOnlyList<RenderedFigure> figures = FigureSet.Render(odd);
        Assert.Equal(6, new SvgPicture(figures.Single(figure => figure.Name == "joules-per-token")).Bars.Count);
        Assert.DoesNotContain(figures, figure => figure.Name == "dollars-per-million-tokens");
    }

    [Fact]
    public void Systems_whose_names_differ_in_signs_alone_have_files_of_their_own()
    {
        IReadOnlyList<RenderedFigure> figures = FigureSet.Render(SampleResult.Of(["m"], ["pim 1/2", "pim 1:2", "pim ../1 2"]));
        Assert.Equal(figures.Count, figures.Select(figure => figure.Name).Distinct().Count());
        Assert.All(figures, figure => Assert.Matches("^[a-z0-9._-]+$", figure.Name));
    }

    [Fact]
    public void The_same_result_gives_the_same_bytes()
    {
        IReadOnlyList<RenderedFigure> again = FigureSet.Render(SampleResult.Small());
        foreach ((RenderedFigure first, RenderedFigure second) in Rendered.Zip(again))
        {
            Assert.Equal(first.Svg, second.Svg);
            Assert.True(first.Png.AsSpan().SequenceEqual(second.Png), $"{first.Name}.png differs");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_of_an_SVG_are_its_own_and_all_found(string name)
    {
        (IReadOnlyList<string> defined, IReadOnlyList<string> used) = Svg(name).Ids;
        Assert.NotEmpty(used);
        Assert.Equal(defined.Distinct().Count(), defined.Count);
        Assert.Subset(defined.ToHashSet(), used.ToHashSet());
    }

    private static SvgPicture Svg(string name) => new(Rendered.Single(figure => figure.Name == name));

    private static IReadOnlyList<string> Texts(string name) => Svg(name).Texts;

    private static bool IsAbout(string text, double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double printed) && Math.Abs(printed - value) <= 0.005 * value;
}
