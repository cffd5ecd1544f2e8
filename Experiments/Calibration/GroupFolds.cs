namespace PimSim.Experiments.Calibration;

/// <summary>Groups of measurements to leave out of a fit in turn, so that errors are told on what the fit has not seen.</summary>
internal static class GroupFolds
{
    private const int MostFolds = 4;

    /// <summary>Disjoint sets that together hold all groups; none if there is only one group.</summary>
    public static IReadOnlyList<IReadOnlySet<string>> Of(IEnumerable<string> groups)
    {
        string[] distinct = [.. groups.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        int folds = distinct.Length < 2 ? 0 : Math.Min(MostFolds, distinct.Length);
        return [.. Enumerable.Range(0, folds).Select(fold => distinct.Where((_, index) => index % folds == fold).ToHashSet(StringComparer.Ordinal))];
    }
}
