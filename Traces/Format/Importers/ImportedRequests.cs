using PimSim.Traces.Format.Requests;

namespace PimSim.Traces.Format.Importers;

/// <summary>Requests over time. The file is read while they are consumed, again for each call.</summary>
public sealed class ImportedRequests : ImportedTrace, IRequestSource
{
    private readonly Func<IEnumerable<Request>> _read;

    internal ImportedRequests(string path, ImportFormat format, Func<IEnumerable<Request>> read)
        : base(path, format)
    {
        _read = read;
    }

    /// <inheritdoc/>
    public override string Description => $"{Format.Name()}: requests over time";

    /// <inheritdoc/>
    public IEnumerable<Request> Requests() => _read();
}
