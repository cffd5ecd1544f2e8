using CsCheck;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Files;

public class TraceSummaryTests
{
    private sealed record Source(ModelFootprint Footprint, Step[] All) : IStepSource
    {
        public IEnumerable<Step> Steps() => All;
    }

    [Fact]
    public void Totals_are_those_of_the_operators_one_by_one() => RandomTrace.Steps.Sample(steps =>
    {
        List<(Operator Op, decimal? Time)> all = [];
        foreach (Step step in steps)
        {
            int executed = 0;
            foreach (Operator op in step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat).SelectMany(operators => operators)))
            {
                all.Add((op, !step.MeasuredNanoseconds.IsEmpty ? step.MeasuredNanoseconds[executed] : op.Kind == OperatorKind.Opaque ? op.OpaqueNanoseconds : null));
                executed++;
            }
        }

        var summary = TraceSummary.Of(new Source(RandomTrace.Plain.Footprint, steps));
        Assert.Equal(steps.Length, summary.Steps);
        Assert.Equal(steps.Sum(step => (long)step.CommittedTokens), summary.CommittedTokens);
        Assert.Equal(steps.Length, summary.Phases.Sum(entry => entry.Steps));
        Same(all, summary.All);
        Assert.Equal(all.Select(entry => entry.Op.Role).Distinct().Order(), summary.Roles.Keys);
        foreach ((OperatorRole role, OperatorTotals totals) in summary.Roles)
        {
            Same(all.Where(entry => entry.Op.Role == role), totals);
        }

        int classed = 0;
        foreach ((int key, OperatorTotals totals) in summary.Intensities)
        {
            List<(Operator Op, decimal? Time)> members = [.. all.Where(entry => Holds(key, OperatorCost.Of(entry.Op)))];
            Same(members, totals);
            classed += members.Count;
        }

        Assert.Equal(all.Count, classed);
        Assert.Equal(steps.SelectMany(step => step.Decisions).GroupBy(decision => decision.Name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.LongCount()), summary.Decisions);
    });

    private static bool Holds(int key, OperatorCost cost) => key switch
    {
        TraceSummary.Unknown => cost.Bytes == 0,
        TraceSummary.NoFlops => cost.Bytes > 0 && cost.Flops == 0,
        _ => cost.Bytes > 0 && cost.Flops > 0 && cost.Flops / (double)cost.Bytes is var ratio && ratio >= Math.Pow(2, key) && ratio < Math.Pow(2, key + 1),
    };

    private static void Same(IEnumerable<(Operator Op, decimal? Time)> operators, OperatorTotals totals)
    {
        List<(Operator Op, decimal? Time)> list = [.. operators];
        Assert.Equal(list.Count, totals.Count);
        Assert.Equal(list.Sum(entry => (decimal)OperatorCost.Of(entry.Op).Flops), totals.Flops);
        Assert.Equal(list.Sum(entry => (decimal)OperatorCost.Of(entry.Op).Bytes), totals.Bytes);
        Assert.Equal(list.Sum(entry => entry.Time ?? 0), totals.Nanoseconds);
        Assert.Equal(list.Count(entry => entry.Time is not null), totals.Timed);
    }
}
