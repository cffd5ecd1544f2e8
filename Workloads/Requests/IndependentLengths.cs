using PimSim.Traces.Format.Requests;

namespace PimSim.Workloads.Requests;

/// <summary>Prompt and output are drawn apart from each other.</summary>
/// <param name="input">Tokens of the prompt.</param>
/// <param name="output">Tokens generated.</param>
public sealed class IndependentLengths(ITokenCounts input, ITokenCounts output) : IRequestLengths
{
    private const ulong InputStream = 2;
    private const ulong OutputStream = 3;

    /// <inheritdoc/>
    public bool Endless => true;

    /// <inheritdoc/>
    public IEnumerable<Request> Requests(ulong seed)
    {
        for (ulong index = 0; ; index++)
        {
            yield return new Request(0, input.Draw(seed, InputStream, index), output.Draw(seed, OutputStream, index));
        }
    }
}
