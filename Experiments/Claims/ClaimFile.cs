using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Claims;

/// <summary>Reads files of published claims.</summary>
public static class ClaimFile
{
    private static readonly Dictionary<string, ClaimMetric> Metrics = new(StringComparer.Ordinal)
    {
        ["speedUp"] = ClaimMetric.SpeedUp,
        ["energyRatio"] = ClaimMetric.EnergyRatio,
        ["rowHitRate"] = ClaimMetric.RowHitRate,
        ["nonProductShare"] = ClaimMetric.NonProductShare,
        ["dataMovementRatio"] = ClaimMetric.DataMovementRatio,
        ["slowdown"] = ClaimMetric.Slowdown,
        ["throughputGain"] = ClaimMetric.ThroughputGain,
        ["kvCapacityRatio"] = ClaimMetric.KvCapacityRatio,
        ["batchRatio"] = ClaimMetric.BatchRatio,
        ["meanBatch"] = ClaimMetric.MeanBatch,
        ["tokenTimeGain"] = ClaimMetric.TokenTimeGain,
    };

    private static readonly string[] Classes = ["predictable", "calibrated", "bound"];

    /// <summary>The claims that come with PimSim.</summary>
    public static CatalogueFolder Folder { get; } = OpenFolder();

    /// <summary>The same, with a note of every file that is opened.</summary>
    public static CatalogueFolder OpenFolder(InputFiles? opened = null) => new("claims", [Path.Combine(AppContext.BaseDirectory, "Catalogue", "claims")], opened);

    /// <summary>Reads the claims of one paper; faults go to the entry's problem list.</summary>
    public static IReadOnlyList<Claim> Read(CatalogueEntry entry)
    {
        entry.Root.Optional("kind").Word(["claims"], "claims");
        string paper = entry.Root.Required("paper").Text();
        List<Claim> claims = [];
        foreach (DataNode row in entry.Root.Required("claims").Items())
        {
            ClaimMetric metric = Metrics[row.Required("metric").Word(Metrics.Keys, "speedUp")];
            DataNode published = row.Required("published");
            double low = (double)entry.Quantity(published, "low", Dimension.Ratio);
            double high = (double)entry.Quantity(published, "high", Dimension.Ratio);
            published.RejectUnknownKeys();
            if (low > high)
            {
                published.Report($"low {low} is above high {high}");
            }

            bool compares = metric is not (ClaimMetric.RowHitRate or ClaimMetric.NonProductShare or ClaimMetric.DataMovementRatio or ClaimMetric.MeanBatch);
            DataNode other = compares ? row.Required("other") : row.Optional("other");
            string id = row.Required("id").Text();
            string text = row.Required("claim").Text();
            claims.Add(new Claim(
                id,
                paper,
                text,
                metric,
                row.Required("system").Text(),
                other.Exists ? other.Text() : null,
                [.. row.Optional("models").Items().Select(item => item.Text())],
                low,
                high,
                row.Required("class").Word(Classes, Classes[0]),
                entry.Sources.GetValueOrDefault(published.Required("low").Optional("source").Text(), "")));
            row.RejectUnknownKeys();
        }

        entry.Root.RejectUnknownKeys();
        return claims;
    }
}
