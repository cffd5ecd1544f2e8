using PimSim.Reports.Dram;
using PimSim.Reports.Figures;
using Xunit;

namespace PimSim.Reports.Tests.Dram;

public class Preview
{
    [Fact]
    public void Go()
    {
        string footer = "PimSim 0.1.0+abc · pimsim dram random.trace · ddr4-2400-8gb-x8 · frfcfs · 1 channel";
        FigureFiles.Write(DramFigures.Render([DramRuns.Random(5000, 0.3, 9)], footer), "/tmp/h6/a");
        FigureFiles.Write(DramFigures.Render([.. Enumerable.Range(0, 4).Select(i => DramRuns.Random(3000 + 1000 * i, 0.5, 20 + 15 * i, i))], footer), "/tmp/h6/b");
        FigureFiles.Write(DramFigures.Render([DramRuns.Random(1, 0, 9)], footer), "/tmp/h6/c");
        FigureFiles.Write(DramFigures.Render([DramRuns.Random(40000, 1, 1)], footer), "/tmp/h6/d");
    }
}
