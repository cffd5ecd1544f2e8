namespace PimSim.Traces.Format.Documents;

/// <summary>One thing wrong in one file, at a one-based line and column.</summary>
public sealed record Problem(string File, int Line, int Column, string Message)
{
    /// <summary><c>file:line:column: message</c>.</summary>
    public override string ToString() => Line > 0 ? $"{File}:{Line}:{Column}: {Message}" : $"{File}: {Message}";
}

/// <summary>Collects every problem of a set of files, so that a user sees all of them at once.</summary>
public sealed class ProblemList
{
    private readonly List<Problem> _problems = [];

    /// <summary>The problems in the order in which they were found.</summary>
    public IReadOnlyList<Problem> Problems => _problems;

    /// <summary>Adds a problem.</summary>
    public void Add(Problem problem) => _problems.Add(problem);

    /// <summary>Throws one <see cref="PimSimUserException"/> with one line per problem, if there is any.</summary>
    public void ThrowIfAny()
    {
        if (_problems.Count > 0)
        {
            throw new PimSimUserException(string.Join(Environment.NewLine, _problems.Distinct()));
        }
    }
}
