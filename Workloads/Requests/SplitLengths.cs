using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;

namespace PimSim.Workloads.Requests;

/// <summary>
/// All tokens of a request are drawn and split between prompt and output at a fixed ratio, as Vidur does: output = total / (1 + ratio), rounded
/// to the nearest whole, at least one on either side.
/// </summary>
public sealed class SplitLengths : IRequestLengths
{
    private const ulong TotalStream = 4;

    private readonly ITokenCounts _total;
    private readonly double _inputPerOutput;

    /// <summary>Splits the tokens of a distribution.</summary>
    /// <exception cref="PimSimUserException">The ratio is not positive.</exception>
    public SplitLengths(ITokenCounts total, double inputPerOutput)
    {
        ArgumentNullException.ThrowIfNull(total);
        _total = total;
        _inputPerOutput = inputPerOutput > 0 && double.IsFinite(inputPerOutput)
            ? inputPerOutput
            : throw new PimSimUserException($"{inputPerOutput:R} prompt tokens for each generated one; more than 0 is needed");
    }

    /// <inheritdoc/>
    public bool Endless => true;

    /// <inheritdoc/>
    /// <exception cref="PimSimUserException">A request of one token, while it is consumed.</exception>
    public IEnumerable<Request> Requests(ulong seed)
    {
        for (ulong index = 0; ; index++)
        {
            int total = _total.Draw(seed, TotalStream, index);
            if (total < 2)
            {
                throw new PimSimUserException($"request {index + 1} has {total} token, which cannot be split; lengths from 2 tokens on are needed");
            }

            int output = (int)Math.Clamp(Math.Floor((total / (1 + _inputPerOutput)) + 0.5), 1, total - 1);
            yield return new Request(0, total - output, output);
        }
    }
}
