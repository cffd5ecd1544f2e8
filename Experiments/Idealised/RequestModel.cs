using System.Collections.Immutable;
using MathNet.Numerics;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Idealised;

/// <summary>A prompt and what it costs to read it and generate the first token.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="Value">Seconds or joules.</param>
public readonly record struct PromptCost(int PromptTokens, double Value);

/// <summary>
/// What a request costs by its sizes: Q(p, o) = Q_prompt(p) + slope x (o - 1) for a prompt of p tokens and o generated ones; the form of "Cheaply
/// Evaluating Inference Efficiency Metrics for Autoregressive Transformer APIs" (arXiv 2305.02440, fit_runtimes.py of its repository). Q_prompt is
/// what was profiled with one output token; the slope is that of the linear regression of Q(p, o) - Q(p, 1) on o - 1 over all profiled requests.
/// </summary>
public sealed record RequestModel
{
    private RequestModel(ImmutableArray<PromptCost> prompts, double perOutputToken, double rSquared)
    {
        Prompts = prompts;
        PerOutputToken = perOutputToken;
        RSquared = rSquared;
    }

    /// <summary>Profiled prompts, the shortest first.</summary>
    public ImmutableArray<PromptCost> Prompts { get; }

    /// <summary>Cost of each output token after the first: seconds or joules.</summary>
    public double PerOutputToken { get; }

    /// <summary>Part of the variance of the costs after the first token that the regression explains, at most 1.</summary>
    public double RSquared { get; }

    /// <summary>Fits the form to profiled requests.</summary>
    /// <param name="profile">Requests; each prompt among them with one output token, and some with more.</param>
    /// <param name="quantity">Seconds or joules of a request.</param>
    /// <exception cref="PimSimUserException">A prompt was not profiled with one output token, or none with more.</exception>
    public static RequestModel Fit(IReadOnlyCollection<ProfiledRequest> profile, Func<ProfiledRequest, double> quantity)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(quantity);
        SortedDictionary<int, double> first = new(profile.Where(one => one.OutputTokens == 1).ToDictionary(one => one.PromptTokens, quantity));
        List<double> tokens = [];
        List<double> costs = [];
        foreach (ProfiledRequest request in profile)
        {
            if (!first.TryGetValue(request.PromptTokens, out double prompt))
            {
                throw new PimSimUserException($"a prompt of {request.PromptTokens} tokens was not profiled with 1 output token, which is its part of the runtime");
            }

            tokens.Add(request.OutputTokens - 1);
            costs.Add(quantity(request) - prompt);
        }

        if (tokens.TrueForAll(more => more == 0))
        {
            throw new PimSimUserException("no request was profiled with more than 1 output token, so that nothing is known of further ones");
        }

        (double intercept, double slope) = MathNet.Numerics.Fit.Line([.. tokens], [.. costs]);
        return new RequestModel(
            [.. first.Select(entry => new PromptCost(entry.Key, entry.Value))],
            slope,
            GoodnessOfFit.CoefficientOfDetermination(tokens.Select(more => intercept + (slope * more)), costs));
    }

    /// <summary>Cost of the prompt and the first token. One that was not profiled is the next longer one's by the ratio of their tokens; one beyond the
    /// longest is that one's by the same ratio. Both are the rules of the paper's repository.</summary>
    /// <param name="promptTokens">Tokens of the prompt, from 1 on.</param>
    public double OfPrompt(int promptTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(promptTokens, 1);
        PromptCost key = Prompts[^1];
        foreach (PromptCost known in Prompts)
        {
            if (known.PromptTokens >= promptTokens)
            {
                key = known;
                break;
            }
        }

        return key.Value * promptTokens / key.PromptTokens;
    }

    /// <summary>Cost of a request.</summary>
    /// <param name="promptTokens">Tokens of the prompt, from 1 on.</param>
    /// <param name="outputTokens">Tokens generated, from 1 on.</param>
    public double Of(int promptTokens, int outputTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(outputTokens, 1);
        return OfPrompt(promptTokens) + (PerOutputToken * (outputTokens - 1));
    }
}
