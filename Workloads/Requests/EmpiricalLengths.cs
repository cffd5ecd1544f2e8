using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;

namespace PimSim.Workloads.Requests;

/// <summary>
/// Each request has the prompt and output of a request of a trace, any of them as likely. The pairs are kept; those without prompt or output (a
/// request that failed) are left out and counted.
/// </summary>
public sealed class EmpiricalLengths : IRequestLengths
{
    private const ulong Stream = 5;

    private readonly List<(int Input, int Output)> _pairs = [];

    /// <summary>Reads a trace.</summary>
    /// <exception cref="PimSimUserException">It has no request with a prompt and an output.</exception>
    public EmpiricalLengths(IRequestSource trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        foreach (Request request in trace.Requests())
        {
            if (request.InputTokens > 0 && request.OutputTokens > 0)
            {
                _pairs.Add((request.InputTokens, request.OutputTokens));
            }
            else
            {
                LeftOut++;
            }
        }

        if (_pairs.Count == 0)
        {
            throw new PimSimUserException(LeftOut == 0
                ? "the request trace is empty; lengths need one request at least"
                : $"none of the {LeftOut} requests of the trace has both a prompt and an output; lengths need one at least");
        }
    }

    /// <summary>Requests of the trace that have no prompt or no output.</summary>
    public long LeftOut { get; }

    /// <inheritdoc/>
    public bool Endless => true;

    /// <inheritdoc/>
    public IEnumerable<Request> Requests(ulong seed)
    {
        for (ulong index = 0; ; index++)
        {
            (int input, int output) = _pairs[(int)new CounterRandom(seed, Stream, index).Below(_pairs.Count)];
            yield return new Request(0, input, output);
        }
    }
}
