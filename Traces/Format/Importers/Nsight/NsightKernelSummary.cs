using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Nsight;

/// <summary>
/// Kernels by name: how often each ran and how long altogether. One step, one opaque operator for each row. A total that
/// the instances do not divide is kept exact by two blocks, one nanosecond apart. Single instances were not measured, so
/// the step carries no measured times beside those of its operators.
/// </summary>
internal static class NsightKernelSummary
{
    public static readonly ImmutableArray<string> Columns = ["Total Time (ns)", "Instances", "Name"];

    public static ImportedSteps Read(string path, ImportOptions options)
    {
        using CsvTable table = CsvTable.Open(path, options.Limits);
        int[] column = table.Require(Columns.AsSpan());
        ImmutableArray<StepBlock>.Builder blocks = ImmutableArray.CreateBuilder<StepBlock>();
        long activities = 0;
        long busy = 0;
        while (table.Read())
        {
            long total = table.Scaled(column[0], 0, "nanoseconds");
            int instances = table.Integer(column[1], 1);
            string name = table.Text(column[2]);
            if (busy > long.MaxValue - total)
            {
                throw table.Fault("the total times add up to more than 292 years");
            }

            (long each, long longer) = Math.DivRem(total, instances);
            Add(blocks, name, each + 1, (int)longer, options.Phase);
            Add(blocks, name, each, instances - (int)longer, options.Phase);
            activities += instances;
            busy += total;
        }

        if (blocks.Count == 0)
        {
            throw ImportError.Of(path, "holds no kernels, only the names of its columns");
        }

        Step step = new(0, options.Phase, blocks.ToImmutable(), CommittedTokens: 0);
        return new ImportedSteps(path, ImportFormat.NsightKernelSummary, [step], new ImportSummary(activities, busy, 0, 0));
    }

    private static void Add(ImmutableArray<StepBlock>.Builder blocks, string name, long nanoseconds, int instances, Phase phase)
    {
        if (instances > 0)
        {
            blocks.Add(new StepBlock([OpaqueOperator.New(name, nanoseconds, phase)], instances));
        }
    }
}
