using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// Which masked places of a block get their tokens in a step, by how sure the model is of each: all above a threshold; or hierarchical, also the surest
/// of every run of masked places that lie side by side if it is above a lower threshold; or by credit, where a token that was the likeliest in earlier
/// steps counts as more likely. The surest place is always among them.
/// </summary>
internal sealed class PlaceChoice
{
    private readonly int _kind;
    private readonly double _threshold;
    private readonly double _lower;
    private readonly double _decay;
    private readonly double _decline;
    private readonly Dictionary<(int Place, int Token), double> _credits = [];

    /// <summary>Reads <c>decoder</c> 0 threshold, 1 hierarchical, 2 credit; <c>threshold</c>, which begins at 1 and declines by <c>thresholdDecay</c> an
    /// iteration if that is not 0; <c>lowerThreshold</c>; <c>creditDecay</c>.</summary>
    public PlaceChoice(TechniqueSettings settings)
    {
        _kind = settings.Integer("decoder", 0, 2);
        _threshold = settings.Number("threshold", 0, 1);
        _lower = settings.Number("lowerThreshold", 0, 1);
        _decay = settings.Number("creditDecay", 0, 1);
        _decline = settings.Number("thresholdDecay", 0, 1);
        if (_lower > _threshold)
        {
            throw new PimSimUserException($"setting 'lowerThreshold' is above 'threshold'");
        }
    }

    /// <summary>The places that get their tokens, in order.</summary>
    /// <param name="places">Masked places, in order.</param>
    /// <param name="tokens">Their likeliest tokens.</param>
    /// <param name="confidences">How likely these are.</param>
    /// <param name="iteration">Number of the iteration in the sequence.</param>
    public int[] Choose(int[] places, int[] tokens, double[] confidences, int iteration)
    {
        double[] own = [.. confidences];
        for (int number = 0; _kind == 2 && number < places.Length; number++)
        {
            // A credit of c is log(1 + c) more in the logit of the token.
            double credit = _credits.GetValueOrDefault((places[number], tokens[number]));
            own[number] = confidences[number] * (1 + credit) / (1 + (confidences[number] * credit));
            _credits[(places[number], tokens[number])] = (_decay * credit) + confidences[number];
        }

        double threshold = _decline == 0 ? _threshold : Math.Max(1 - (iteration * _decline), _threshold);
        HashSet<int> chosen = [.. Enumerable.Range(0, places.Length).Where(number => own[number] > threshold)];
        if (_kind == 1)
        {
            for (int first = 0; first < places.Length;)
            {
                int end = first + 1;
                while (end < places.Length && places[end] == places[end - 1] + 1)
                {
                    end++;
                }

                int surest = Enumerable.Range(first, end - first).MaxBy(number => own[number]);
                if (own[surest] > _lower)
                {
                    chosen.Add(surest);
                }

                first = end;
            }
        }

        chosen.Add(Enumerable.Range(0, places.Length).MaxBy(number => own[number]));
        return [.. chosen.Order()];
    }
}
