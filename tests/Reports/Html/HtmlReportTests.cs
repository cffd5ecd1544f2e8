using System.Xml;
using System.Xml.Linq;
using PimSim.Devices.Pim;
using PimSim.Experiments.Results;
using PimSim.Reports.Figures;
using PimSim.Reports.Html;
using PimSim.Reports.Tables;
using Xunit;

namespace PimSim.Reports.Tests.Html;

public class HtmlReportTests
{
    private const string Evil = "<script>alert('x')</script> & \"co\"\u0007";

    private static readonly ExperimentResult Sample = SampleResult.Small(SampleResult.Claims);
    private static readonly IReadOnlyList<RenderedFigure> Figures = FigureSet.Render(Sample);
    private static readonly string Page = HtmlReport.Of(Sample, Figures);

    [Fact]
    public void Every_table_of_the_result_is_on_the_page_cell_by_cell()
    {
        XElement[] tables = [.. Parse(Page).Descendants("table")];
        IReadOnlyList<ReportTable> expected = ResultTables.All(Sample);
        Assert.Equal(3, expected.Count);
        Assert.Equal(expected.Count + 1, tables.Length);
        foreach ((ReportTable table, XElement shown) in expected.Zip(tables))
        {
            Assert.Equal(table.Columns.Select(column => column.Header), shown.Descendants("th").Select(cell => cell.Value));
            Assert.Equal(table.Rows, shown.Element("tbody")!.Elements("tr").Select(row => row.Elements("td").Select(cell => cell.Value.Trim()).ToList()));
        }
    }

    [Fact]
    public void The_page_says_where_it_comes_from()
    {
        string text = Parse(Page).Value;
        Assert.Contains(Sample.Title, text, StringComparison.Ordinal);
        Assert.Contains(Sample.Workload, text, StringComparison.Ordinal);
        Assert.Contains(Sample.Version, text, StringComparison.Ordinal);
        Assert.Contains(Sample.InputHash, text, StringComparison.Ordinal);
        Assert.Contains("pimsim report results.json", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_system_has_its_parts_changes_and_price_basis()
    {
        XElement[] rows = [.. Parse(Page).Descendants("table").Last().Element("tbody")!.Elements("tr")];
        Assert.Equal(Sample.Systems, rows.Select(row => row.Elements("td").First().Value));
        Assert.Equal(["t4", "t4, pytorch-2023", "bandwidth = 300 GB/s", "rented: 0.526 $/h, AWS g4dn.xlarge, 2026-01-21"], rows[1].Elements("td").Select(cell => cell.Value));
    }

    [Fact]
    public void A_verdict_is_a_word_and_a_colour()
    {
        XElement[] verdicts = [.. Parse(Page).Descendants("span")];
        Assert.Equal(["met", "missed"], verdicts.Select(verdict => verdict.Value));
        Assert.Equal(["verdict met", "verdict missed"], verdicts.Select(verdict => verdict.Attribute("class")!.Value));
        Assert.All(["met", "overlaps", "missed"], verdict => Assert.Contains($".{verdict} {{ color:", Page, StringComparison.Ordinal));
    }

    [Fact]
    public void The_page_needs_nothing_from_elsewhere()
    {
        Assert.Equal(Figures.Count, Parse(Page).Descendants(XName.Get("svg", "http://www.w3.org/2000/svg")).Count());
        string[] fetching = ["<script", "<link", "<img", "<iframe", "<object", "@import", "src="];
        Assert.All(fetching, word => Assert.DoesNotContain(word, Page, StringComparison.Ordinal));
        Assert.All(Page.Split("url(").Skip(1), rest => Assert.StartsWith("#", rest, StringComparison.Ordinal));
        Assert.All(Parse(Page).Descendants().Attributes().Where(attribute => attribute.Name.LocalName == "href"), link => Assert.StartsWith("#", link.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Pictures_on_one_page_do_not_share_ids()
    {
        string[] ids = [.. Parse(Page).Descendants().Attributes("id").Select(id => id.Value)];
        Assert.NotEmpty(ids);
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(Parse(Page).Descendants().Attributes("clip-path"), path => Assert.Contains(path.Value["url(#".Length..^1], ids));
    }

    [Fact]
    public void Every_text_is_escaped()
    {
        ExperimentResult evil = SampleResult.Of([Evil], [$"pim {Evil}", Evil], [SampleResult.Claims[0] with { Claim = Evil, Verdict = Evil, Source = Evil, Paper = Evil, Class = Evil, Unit = Evil }]) with
        {
            Title = Evil,
            Workload = Evil,
            Version = Evil,
            InputHash = Evil,
        };
        evil = evil with { Points = [.. evil.Points.Select(point => point with { Parts = [Evil], Changes = [Evil], PriceBasis = Evil })] };
        string page = HtmlReport.Of(evil, FigureSet.Render(evil));
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("<script>alert('x')</script> & \"co\"\uFFFD", Parse(page).Descendants("h1").Single().Value, StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_without_PIM_claims_or_figures_has_a_page_too()
    {
        ExperimentResult plain = SampleResult.Small() with { Points = [.. SampleResult.Small().Points.Where(point => point.System == "t4")] };
        Assert.Equal(2, Parse(HtmlReport.Of(plain, [])).Descendants("table").Count());
    }

    [Fact]
    public void Every_component_of_a_device_is_explained()
    {
        Assert.Subset(ComponentMeanings.OfTime.Keys.ToHashSet(), SampleResult.PimTime.Concat(SampleResult.ProcessorTime).ToHashSet());
        Assert.Subset(ComponentMeanings.OfEnergy.Keys.ToHashSet(), PimEnergy.Components.Concat(SampleResult.ProcessorEnergy).ToHashSet());
        string text = Parse(Page).Value;
        Assert.All(SampleResult.PimTime.Concat(SampleResult.ProcessorTime), name => Assert.Contains(ComponentMeanings.OfTime[name], text, StringComparison.Ordinal));
        Assert.All(PimEnergy.Components.Concat(SampleResult.ProcessorEnergy), name => Assert.Contains(ComponentMeanings.OfEnergy[name], text, StringComparison.Ordinal));
    }

    private static XElement Parse(string page)
    {
        using StringReader text = new(page);
        using XmlReader reader = XmlReader.Create(text, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader).Root!;
    }
}
