using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Idealised;

/// <summary>What a published number of a request measures.</summary>
public enum IdealisedMetric
{
    /// <summary>Seconds of each output token after the first: the slope of the runtime.</summary>
    SecondsPerOutputToken,

    /// <summary>Seconds of the prompt and the first token.</summary>
    PromptSeconds,

    /// <summary>Seconds of a request.</summary>
    RequestSeconds,

    /// <summary>US dollars of a request on the system's price.</summary>
    RequestDollars,
}

/// <summary>A published number, as data.</summary>
/// <param name="Id">Number in the list of the paper's claims.</param>
/// <param name="Paper">Name of the paper.</param>
/// <param name="Model">The model.</param>
/// <param name="System">Label of the system.</param>
/// <param name="Gpus">GPUs that it was published for.</param>
/// <param name="Metric">What it measures.</param>
/// <param name="PromptTokens">Tokens of the prompt; 1 where it does not depend on them.</param>
/// <param name="OutputTokens">Tokens generated; 1 where it does not depend on them.</param>
/// <param name="Class">'predictable' from shapes, 'calibrated' if an overhead of the software decides, 'fitted' where that overhead was fitted on it.</param>
/// <param name="Published">The number: seconds or US dollars.</param>
/// <param name="Source">Where it is printed.</param>
public sealed record IdealisedClaim(
    string Id, string Paper, string Model, string System, int Gpus, IdealisedMetric Metric, int PromptTokens, int OutputTokens, string Class, double Published, string Source);

/// <summary>Reads published numbers of single requests, and puts simulated ones beside them.</summary>
public static class IdealisedClaims
{
    // As far as ranges of other claims may be off and count as met.
    private const double Tolerance = 0.05;

    private static readonly string[] Classes = ["predictable", "calibrated", "fitted"];

    private static readonly Dictionary<string, IdealisedMetric> Metrics = new(StringComparer.Ordinal)
    {
        ["secondsPerOutputToken"] = IdealisedMetric.SecondsPerOutputToken,
        ["promptSeconds"] = IdealisedMetric.PromptSeconds,
        ["requestSeconds"] = IdealisedMetric.RequestSeconds,
        ["requestDollars"] = IdealisedMetric.RequestDollars,
    };

    /// <summary>The numbers that come with PimSim.</summary>
    /// <param name="opened">Notes every file that is opened.</param>
    public static CatalogueFolder Folder(InputFiles? opened = null) => new("idealised claims", [Path.Combine(AppContext.BaseDirectory, "Catalogue", "idealised-claims")], opened);

    /// <summary>Reads the numbers of one paper; faults go to the entry's problem list.</summary>
    public static IReadOnlyList<IdealisedClaim> Read(CatalogueEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        entry.Root.Optional("kind").Word(["idealised-claims"], "idealised-claims");
        string paper = entry.Root.Required("paper").Text();
        List<IdealisedClaim> claims = [];
        foreach (DataNode row in entry.Root.Required("claims").Items())
        {
            IdealisedMetric metric = Metrics[row.Required("metric").Word(Metrics.Keys, "requestSeconds")];
            bool ofPrompt = metric != IdealisedMetric.SecondsPerOutputToken;
            bool ofOutput = metric is IdealisedMetric.RequestSeconds or IdealisedMetric.RequestDollars;
            DataNode published = row.Required("published");
            claims.Add(new IdealisedClaim(
                row.Required("id").Text(),
                paper,
                row.Required("model").Text(),
                row.Required("system").Text(),
                (int)row.Required("gpus").Integer(1, 1024, 1),
                metric,
                ofPrompt ? (int)row.Required("promptTokens").Integer(1, 1 << 20, 1) : 1,
                ofOutput ? (int)row.Required("outputTokens").Integer(1, 1 << 20, 1) : 1,
                row.Required("class").Word(Classes, Classes[0]),
                (double)entry.Positive(row, "published", Dimension.Ratio),
                entry.Sources.GetValueOrDefault(published.Optional("source").Text(), "")));
            row.RejectUnknownKeys();
        }

        entry.Root.RejectUnknownKeys();
        return claims;
    }

    /// <summary>The simulated number; null if the experiment did not run the model on that system with so many GPUs, or does not price such a request.</summary>
    public static IdealisedClaimResult? Evaluate(IdealisedClaim claim, IReadOnlyList<IdealisedPoint> points)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(points);
        if (points.FirstOrDefault(one => one.Model == claim.Model && one.System == claim.System && one.Gpus == claim.Gpus) is not { } point)
        {
            return null;
        }

        double? simulated = claim.Metric switch
        {
            IdealisedMetric.SecondsPerOutputToken => point.Runtime.PerOutputToken,
            IdealisedMetric.PromptSeconds => point.Runtime.OfPrompt(claim.PromptTokens),
            IdealisedMetric.RequestSeconds => point.Runtime.Of(claim.PromptTokens, claim.OutputTokens),
            _ => point.Requests.FirstOrDefault(request => (request.PromptTokens, request.OutputTokens) == (claim.PromptTokens, claim.OutputTokens))?.Dollars,
        };
        return simulated is { } value
            ? new IdealisedClaimResult(claim, value, Math.Abs((value / claim.Published) - 1) <= Tolerance ? "met" : "missed")
            : null;
    }

    internal static List<IdealisedClaim> ReadAll(DataNode node, InputFiles inputs, ProblemList problems)
    {
        CatalogueFolder folder = Folder(inputs);
        List<IdealisedClaim> claims = [];
        foreach (DataNode item in node.Items())
        {
            if (folder.Contains(item.Text()))
            {
                claims.AddRange(Read(folder.Open(item.Text(), problems)));
            }
            else
            {
                item.Report($"unknown claims '{item.Text()}'; {NearestWord.Suggest(item.Text(), folder.Names)}");
            }
        }

        return claims;
    }
}
