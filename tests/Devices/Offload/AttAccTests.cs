using System.Globalization;
using PimSim.Devices.Asic;
using PimSim.Devices.Offload;
using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Offload;

/// <summary>A stack of AttAcc against its authors' own simulator, whose results lie beside the project on developers' machines.</summary>
public class AttAccTests
{
    private const double PicosecondsPerCycle = 769;

    // AttAcc gives heads to channels, and with fewer heads lets channels idle; PIM-GPT gives every head to all.
    private const int HeadsForAllChannels = 32;

    [Fact]
    public void With_the_mapping_of_PIM_GPT_a_stack_is_slower_than_AttAcc_and_by_at_most_so_much()
    {
        HardwareCatalogue catalogue = new(null);
        ProblemList problems = new();
        PimMemory memory = PimMemory.Read(catalogue.Devices, catalogue.Standards, "attacc-hbm3-memory", problems);
        AsicModel asic = new(AsicConfiguration.Read(catalogue.Devices.Open("pim-gpt-asic", problems)));
        problems.ThrowIfAny();
        List<(int Context, double Ratio)> rows = [];
        foreach (string line in File.ReadLines(SharedData.Require("golden/pim/attacc_hbm3_pim_cycles.csv")).Skip(1))
        {
            string[] cells = line.Split(',');
            int[] shape = [.. cells.Take(4).Select(cell => int.Parse(cell, CultureInfo.InvariantCulture))];
            if (cells[4] == "BA" && cells[5] == "True" && shape[3] == 2 && shape[2] == 128 && shape[1] >= HeadsForAllChannels)
            {
                rows.Add((shape[0], Cycles(new PimAttentionDevice("attacc", memory, asic), shape) / double.Parse(cells[6], CultureInfo.InvariantCulture)));
            }
        }

        double[] longer = [.. rows.Where(row => row.Context >= 1000).Select(row => row.Ratio)];
        double[] shorter = [.. rows.Where(row => row.Context < 1000).Select(row => row.Ratio)];
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{longer.Length} rows from 1000 tokens on: {longer.Min():0.00} to {longer.Max():0.00} x its cycles, {longer.Average():0.00} on average; {shorter.Length} below: {shorter.Min():0.00} to {shorter.Max():0.00}"));
        Assert.All(longer, ratio => Assert.InRange(ratio, 1.2, 2.5));
        Assert.All(shorter, ratio => Assert.InRange(ratio, 1, 8));
    }

    private static double Cycles(PimAttentionDevice device, int[] shape)
    {
        device.Load(new CachePart("m", 1, shape[1], shape[2], shape[0], DataType.Fp16));
        AttentionCost cost = device.Cost(new Operator
        {
            Kind = OperatorKind.Attention,
            Role = OperatorRole.Attention,
            Phase = Phase.Decode,
            Rows = 1,
            Sequences = 1,
            Context = shape[0],
            Heads = shape[1],
            KvHeads = shape[1],
            HeadDim = shape[2],
            WeightType = DataType.Fp16,
            ActivationType = DataType.Fp16,
            KvType = DataType.Fp16,
        });
        return cost.Time.Value / PicosecondsPerCycle;
    }
}
