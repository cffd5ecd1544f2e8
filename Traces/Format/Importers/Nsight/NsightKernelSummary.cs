using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Nsight;

/// <summary>
/// Kernels by name: how often each ran and how long altogether. One opaque operator for each row, all in one step as far as
/// a step can hold them. A total that the instances do not divide is kept exact by two blocks, one nanosecond apart. Single
/// instances were not measured, so the step carries no measured times beside those of its operators.
/// </summary>
internal static class NsightKernelSummary
{
    public static readonly ImmutableArray<string> Columns = ["Total Time (ns)", "Instances", "Name"];

    public static ImportedSteps Read(string path, ImportOptions options)
    {
        using CsvTable table = CsvTable.Open(path, options.Limits);
        int[] column = table.Require(Columns.AsSpan());
        StepFiller steps = new(options.Phase);
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
            if (each + (longer > 0 ? 1 : 0) > TraceLimits.Nanoseconds)
            {
                throw table.Fault($"an instance takes {each} ns; {TraceLimits.Nanoseconds} is the most");
            }

            steps.Add(OpaqueOperator.New(name, each + 1, options.Phase), (int)longer);
            steps.Add(OpaqueOperator.New(name, each, options.Phase), instances - (int)longer);
            activities += instances;
            busy += total;
        }

        if (activities == 0)
        {
            throw ImportError.Of(path, "holds no kernels, only the names of its columns");
        }

        return new ImportedSteps(path, ImportFormat.NsightKernelSummary, steps.Finish(), new ImportSummary(activities, busy, 0, 0));
    }

    /// <summary>Puts repeated operators into steps, none of which executes more than a step can.</summary>
    private sealed class StepFiller(Phase phase)
    {
        private readonly ImmutableArray<StepBlock>.Builder _blocks = ImmutableArray.CreateBuilder<StepBlock>();
        private readonly ImmutableArray<Step>.Builder _steps = ImmutableArray.CreateBuilder<Step>();
        private int _executed;

        public void Add(Operator op, int instances)
        {
            while (instances > 0)
            {
                int count = Math.Min(instances, TraceLimits.OperatorsPerStep - _executed);
                _blocks.Add(new StepBlock([op], count));
                _executed += count;
                instances -= count;
                if (_executed == TraceLimits.OperatorsPerStep)
                {
                    EndStep();
                }
            }
        }

        public ImmutableArray<Step> Finish()
        {
            if (_blocks.Count > 0)
            {
                EndStep();
            }

            return _steps.ToImmutable();
        }

        private void EndStep()
        {
            _steps.Add(new Step(_steps.Count, phase, _blocks.DrainToImmutable(), CommittedTokens: 0));
            _executed = 0;
        }
    }
}
