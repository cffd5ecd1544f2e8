using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Requests;

/// <summary>The requests that a real serving system was sent, so that they can be sent again.</summary>
public sealed class MeasuredRequestSource : IRequestSource
{
    private readonly ImmutableArray<Request> _requests;

    /// <summary>Takes the requests that did not fail, in the order of their arrival.</summary>
    /// <param name="file">The file, for messages.</param>
    /// <param name="requests">How they fared.</param>
    /// <exception cref="PimSimUserException">The file does not say when they were sent.</exception>
    public MeasuredRequestSource(string file, ImmutableArray<MeasuredRequest> requests)
    {
        _requests =
        [
            .. from request in requests
               where request.Error is null
               let start = request.StartNanoseconds ?? throw new PimSimUserException($"{file}: request {request.Index} (counted from 0) does not say when it was sent, so it cannot be sent again")
               orderby start
               select new Request(start, request.InputTokens, request.OutputTokens),
        ];
        Measured = [.. requests.Where(request => request.Error is null).OrderBy(request => request.StartNanoseconds)];
    }

    /// <summary>How they fared, in the order of <see cref="Requests"/>.</summary>
    public ImmutableArray<MeasuredRequest> Measured { get; }

    /// <inheritdoc/>
    public IEnumerable<Request> Requests() => _requests;
}
