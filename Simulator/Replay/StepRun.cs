using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Replay;

/// <summary>One step on a device, operator after operator.</summary>
public static class StepRun
{
    /// <summary>Runs a step that starts at or after <paramref name="start"/> and returns when it is over. Allocates nothing.</summary>
    public static Picoseconds On(IDevice device, Step step, Picoseconds start)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(step);
        Picoseconds now = device.BeginStep(step, start);
        foreach (StepBlock block in step.Blocks)
        {
            for (int instance = 0; instance < block.Repeat; instance++)
            {
                foreach (ref readonly Operator op in block.Operators.AsSpan())
                {
                    now = device.Execute(op, instance, now);
                }
            }
        }

        return device.EndStep(step, now);
    }
}
