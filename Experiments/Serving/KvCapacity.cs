using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Serving;

/// <summary>How many tokens' keys and values fit a device beside the weights of a model: the most that it takes without complaint.</summary>
internal static class KvCapacity
{
    private const int Most = 1 << 30;

    /// <summary>The tokens, of all sequences together.</summary>
    /// <param name="create">Makes a device that holds nothing yet.</param>
    /// <param name="footprint">Of one token.</param>
    /// <exception cref="PimSimUserException">Not even one token fits.</exception>
    public static int Of(Func<IDevice> create, Func<int, ModelFootprint> footprint)
    {
        create().Load(footprint(1));
        return LargestFit.Of(1, Most, tokens => Fits(create(), footprint(tokens)));
    }

    private static bool Fits(IDevice device, ModelFootprint footprint)
    {
        try
        {
            device.Load(footprint);
            return true;
        }
        catch (PimSimUserException)
        {
            // The device says that it does not fit: the answer that is asked for.
            return false;
        }
    }
}
