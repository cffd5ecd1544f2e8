using PimSim.Reports.Figures;
using PimSim.Reports.Training;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Reports.Tests.Training;

/// <summary>The picture in docs/builtin-model.md shows the curves that lie beside it.</summary>
public sealed class LossCurveFigureTests : IDisposable
{
    private static readonly string Docs = Path.Combine(SourceTree.Root, "docs", "builtin-model");

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-loss").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_picture_in_the_docs_is_drawn_from_the_curves_beside_it()
    {
        RenderedFigure figure = LossCurveFigure.Render(
            [LossSeries.Read("main", Path.Combine(Docs, "main-loss.csv")), LossSeries.Read("draft", Path.Combine(Docs, "draft-loss.csv"))],
            "PimSim Traces/Training, seed 1");

        // After a new training: PIMSIM_REWRITE=1 with this test, and look at the picture.
        if (Environment.GetEnvironmentVariable("PIMSIM_REWRITE") == "1")
        {
            Assert.Null(Environment.GetEnvironmentVariable("CI"));
            AtomicFile.WriteText(Path.Combine(Docs, "loss.svg"), figure.Svg);
            AtomicFile.Write(Path.Combine(Docs, "loss.png"), stream => stream.Write(figure.Png));
        }

        Assert.Equal(File.ReadAllText(Path.Combine(Docs, "loss.svg")), figure.Svg);
        Assert.True(File.Exists(Path.Combine(Docs, "loss.png")));
    }

    [Theory]
    [InlineData("", ":1: not a loss curve")]
    [InlineData("step,tokens,training_bits_per_byte,held_out_bits_per_byte\n", ":1: not a loss curve")]
    [InlineData("step,tokens,training_bits_per_byte,held_out_bits_per_byte\n1,4096,2.5,2.4\n2,8192,x,2\n", ":3: '2,8192,x,2' is not a point")]
    [InlineData("step,tokens,training_bits_per_byte,held_out_bits_per_byte\n1,4096,2.5\n", ":2: '1,4096,2.5' is not a point")]
    public void A_file_that_is_no_curve_is_a_clear_error(string text, string expected)
    {
        string path = Path.Combine(_folder, "loss.csv");
        File.WriteAllText(path, text);
        Assert.Contains(path + expected, Assert.Throws<PimSimUserException>(() => LossSeries.Read("main", path)).Message, StringComparison.Ordinal);
    }
}
