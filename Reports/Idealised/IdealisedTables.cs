using System.Globalization;
using PimSim.Experiments.Idealised;
using PimSim.Reports.Tables;

namespace PimSim.Reports.Idealised;

/// <summary>The tables of idealised metrics.</summary>
public static class IdealisedTables
{
    /// <summary>The tables that a result has.</summary>
    public static IReadOnlyList<ReportTable> All(IdealisedExperimentResult result) =>
        [.. new[] { Formulas(result), Prompts(result), Requests(result), Claims(result) }.OfType<ReportTable>()];

    /// <summary>The formula of each model on each system, and how far it is off on requests that it was fitted without.</summary>
    public static ReportTable Formulas(IdealisedExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new(
            "Runtime and energy: prompt + per token x (output - 1)",
            [Text("model"), Text("system"), Number("GPUs"), Number("s/output token"), Number("R²"), Number("J/output token"), Number("R² of energy"), Number("worst error of s, held out (%)"), Number("of J (%)")],
            [.. result.Points.Select(point => (IReadOnlyList<string>)
            [
                point.Model, point.System, Whole(point.Gpus),
                SignificantDigits.Format(point.Runtime.PerOutputToken), SignificantDigits.Format(point.Runtime.RSquared, 6),
                SignificantDigits.Format(point.Energy.PerOutputToken), SignificantDigits.Format(point.Energy.RSquared, 6),
                Worst(point, request => request.SecondsError), Worst(point, request => request.JoulesError),
            ])]);
    }

    /// <summary>Time and energy of the prompts.</summary>
    public static ReportTable Prompts(IdealisedExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        int[] prompts = [.. result.Points.SelectMany(point => point.Runtime.Prompts.Select(prompt => prompt.PromptTokens)).Distinct().Order()];
        return new(
            "Seconds of the prompt and the first token, by tokens of the prompt",
            [Text("model"), Text("system"), .. prompts.Select(prompt => Number(Whole(prompt)))],
            [.. result.Points.Select(point => (IReadOnlyList<string>)[point.Model, point.System, .. point.Runtime.Prompts.Select(prompt => SignificantDigits.Format(prompt.Value))])]);
    }

    /// <summary>The requests that were asked for; null if none were.</summary>
    public static ReportTable? Requests(IdealisedExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result.Points.All(point => point.Requests.Count == 0) ? null : new(
            "Idealised runtime, energy and cost of a request",
            [
                Text("model"), Text("system"), Number("prompt"), Number("output"), Number("s"), Number("J"), Number("$"),
                Number("simulated s"), Number("error (%)"), Text("held out"), Number($"s over that of {result.Canonical}"),
            ],
            [.. from point in result.Points from request in point.Requests select Row(result, point, request)]);
    }

    /// <summary>Published numbers beside simulated ones; null if there are none.</summary>
    public static ReportTable? Claims(IdealisedExperimentResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result.Claims.Count == 0 ? null : new(
            "Published and simulated",
            [Text("claim"), Text("model"), Text("system"), Text("what"), Text("class"), Number("published"), Number("simulated"), Number("ratio"), Text("verdict")],
            [.. result.Claims.Select(one => (IReadOnlyList<string>)
            [
                one.Claim.Id, one.Claim.Model, one.Claim.System, What(one.Claim), one.Claim.Class,
                SignificantDigits.Format(one.Claim.Published), SignificantDigits.Format(one.Simulated), SignificantDigits.Format(one.Ratio, 3), one.Verdict,
            ])]);
    }

    private static IReadOnlyList<string> Row(IdealisedExperimentResult result, IdealisedPoint point, IdealisedRequest request)
    {
        IdealisedPoint? canonical = result.Points.FirstOrDefault(one => one.Model == point.Model && one.System == result.Canonical);
        return
        [
            point.Model, point.System, Whole(request.PromptTokens), Whole(request.OutputTokens),
            SignificantDigits.Format(request.Seconds), SignificantDigits.Format(request.Joules), SignificantDigits.Format(request.Dollars),
            SignificantDigits.Format(request.SimulatedSeconds), SignificantDigits.Format(100 * request.SecondsError, 3), request.HeldOut ? "yes" : "no",
            SignificantDigits.Format(request.Seconds / canonical?.Runtime.Of(request.PromptTokens, request.OutputTokens)),
        ];
    }

    private static string What(IdealisedClaim claim) => claim.Metric switch
    {
        IdealisedMetric.SecondsPerOutputToken => "s/output token",
        IdealisedMetric.PromptSeconds => $"s of a prompt of {Whole(claim.PromptTokens)}",
        IdealisedMetric.RequestSeconds => $"s of {Whole(claim.PromptTokens)} + {Whole(claim.OutputTokens)} tokens",
        _ => $"$ of {Whole(claim.PromptTokens)} + {Whole(claim.OutputTokens)} tokens",
    };

    private static string Worst(IdealisedPoint point, Func<IdealisedRequest, double> error)
    {
        double[] errors = [.. point.Requests.Where(request => request.HeldOut).Select(error)];
        return SignificantDigits.Format(errors.Length == 0 ? null : 100 * errors.MaxBy(Math.Abs), 3);
    }

    private static ReportColumn Text(string header) => new(header, false);

    private static ReportColumn Number(string header) => new(header, true);

    private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);
}
