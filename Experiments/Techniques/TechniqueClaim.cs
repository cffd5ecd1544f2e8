using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Techniques;

/// <summary>A published number that a technique is held to.</summary>
/// <param name="Id">Number in the sheets of facts: <c>9-1</c>.</param>
/// <param name="Paper">Number of the paper.</param>
/// <param name="Technique">Name of the technique.</param>
/// <param name="Text">What is claimed, in words.</param>
/// <param name="Class">'predictable' from shapes, bytes and FLOPs; 'partly' if an overhead of the software that was measured decides too; 'bound'.</param>
/// <param name="Metric">How it is computed.</param>
/// <param name="Published">The number.</param>
/// <param name="Run">What it is about.</param>
/// <param name="Over">What it is compared with; null where the metric compares nothing.</param>
/// <param name="Assumed">What the paper does not say, in words.</param>
/// <param name="Cause">Why a miss is expected, in words.</param>
/// <param name="Source">Where it is printed.</param>
public sealed record TechniqueClaim(
    string Id, int Paper, string Technique, string Text, string Class, TechniqueMetric Metric, double Published, TechniqueRun Run, TechniqueRun? Over, string Assumed, string Cause, string Source)
{
    /// <summary>Words for how a number can be predicted.</summary>
    public static IReadOnlyList<string> Classes { get; } = ["predictable", "partly", "bound"];

    /// <summary>Reads the claims in the file of a technique; faults go to its problem list.</summary>
    public static IReadOnlyList<TechniqueClaim> Read(TechniqueEntry technique)
    {
        ArgumentNullException.ThrowIfNull(technique);
        DataNode list = technique.File.Root.Optional("claims");
        List<TechniqueClaim> claims = [];
        foreach (DataNode row in list.Exists ? list.Items() : [])
        {
            TechniqueMetric metric = TechniqueMetric.All[row.Required("metric").Word([.. TechniqueMetric.All.Keys], "seconds")];
            DataNode published = row.Required("published");
            double number = TechniqueFile.ReadNumbers(technique.File.Unwrap(published)) is [{ } single] ? single : 1;
            string source = technique.File.Sources.GetValueOrDefault(published.Optional("source").RawText, "");
            var run = TechniqueRun.Read(row.Required("run"), technique.Name, like: null);
            DataNode other = metric.Compares ? row.Required("over") : row.Optional("over");
            if (other.Exists && !metric.Compares)
            {
                other.Report($"'{metric.Word}' is of one run; it compares nothing");
            }

            claims.Add(new TechniqueClaim(
                row.Required("id").Text(),
                technique.Paper,
                technique.Name,
                row.Required("claim").Text(),
                row.Required("class").Word(Classes, Classes[0]),
                metric,
                number,
                run,
                metric.Compares ? TechniqueRun.Read(other, technique.Baseline, run) : null,
                row.Optional("assumed").RawText,
                row.Optional("cause").RawText,
                source));
            row.RejectUnknownKeys();
        }

        return claims;
    }
}
