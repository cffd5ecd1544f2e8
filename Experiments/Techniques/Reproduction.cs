using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Techniques;

/// <summary>A claim beside what simulation says.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Simulated">The simulated number; null where the run failed.</param>
/// <param name="Fault">Why the run failed; null if it did not.</param>
public sealed record ReproducedClaim(TechniqueClaim Claim, double? Simulated, string? Fault)
{
    /// <summary>Simulated over published.</summary>
    public double? Ratio => Simulated / Claim.Published;

    /// <summary>Why the two differ: what went wrong, or what is recorded as the cause, or what is assumed.</summary>
    public string Note => string.Join("; ", new[] { Fault ?? "", Claim.Cause, Claim.Assumed.Length > 0 ? $"assumed: {Claim.Assumed}" : "" }.Where(text => text.Length > 0));
}

/// <summary>Share of claims of a class that come out within a distance of the published number.</summary>
/// <param name="Class">The class.</param>
/// <param name="Claims">How many there are.</param>
/// <param name="Within15">Of them within 15 %.</param>
/// <param name="Within30">Of them within 30 %.</param>
public sealed record ClassSummary(string Class, int Claims, int Within15, int Within30);

/// <summary>Holds techniques to their published numbers.</summary>
public static class Reproduction
{
    /// <summary>All claims, by paper and then in the order of the files.</summary>
    /// <param name="techniques">Techniques by name.</param>
    /// <param name="ids">Numbers of papers, names of techniques or ids of claims; all if empty.</param>
    /// <exception cref="PimSimUserException">A file is wrong, or nothing has such an id.</exception>
    public static IReadOnlyList<TechniqueClaim> Claims(TechniqueCatalogue techniques, IReadOnlyList<string> ids)
    {
        ArgumentNullException.ThrowIfNull(techniques);
        ArgumentNullException.ThrowIfNull(ids);
        ProblemList problems = new();
        List<TechniqueClaim> claims = [.. techniques.Names.SelectMany(name => TechniqueClaim.Read(techniques.Read(name, problems))).OrderBy(claim => claim.Paper)];
        problems.ThrowIfAny();
        string[] known = [.. claims.SelectMany(claim => Ids(claim)).Distinct()];
        foreach (string id in ids)
        {
            if (!known.Contains(id))
            {
                throw new PimSimUserException($"no claim is of '{id}'; {NearestWord.Suggest(id, known)}");
            }
        }

        return ids.Count == 0 ? claims : [.. claims.Where(claim => Ids(claim).Intersect(ids).Any())];
    }

    /// <summary>Simulates what claims are about. The result is the same whatever the number of threads.</summary>
    /// <param name="runner">Simulates.</param>
    /// <param name="claims">The claims.</param>
    /// <param name="threads">Runs at once.</param>
    /// <param name="onClaim">Called from any thread after each claim.</param>
    /// <param name="cancellation">Looked at between runs.</param>
    public static IReadOnlyList<ReproducedClaim> Run(TechniqueRunner runner, IReadOnlyList<TechniqueClaim> claims, int threads, Action? onClaim, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(claims);
        var results = new ReproducedClaim[claims.Count];
        Parallel.For(0, claims.Count, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, index =>
        {
            TechniqueClaim claim = claims[index];
            try
            {
                TechniqueResult run = runner.Result(claim.Run);
                results[index] = new ReproducedClaim(claim, claim.Metric.Value(run, claim.Over is { } over ? runner.Result(over) : run), null);
            }
            catch (PimSimUserException fault)
            {
                results[index] = new ReproducedClaim(claim, null, fault.Message);
            }

            onClaim?.Invoke();
        });
        return results;
    }

    /// <summary>How close the claims of each class come.</summary>
    public static IReadOnlyList<ClassSummary> Summarise(IReadOnlyList<ReproducedClaim> claims) => [.. TechniqueClaim.Classes.Select(word =>
    {
        ReproducedClaim[] own = [.. claims.Where(claim => claim.Claim.Class == word)];
        int Within(double distance) => own.Count(claim => claim.Ratio is { } ratio && Math.Abs(ratio - 1) <= distance);
        return new ClassSummary(word, own.Length, Within(0.15), Within(0.30));
    })];

    private static string[] Ids(TechniqueClaim claim) => [claim.Id, claim.Technique, claim.Paper.ToString(System.Globalization.CultureInfo.InvariantCulture)];
}
