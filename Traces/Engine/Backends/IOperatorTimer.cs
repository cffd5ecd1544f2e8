namespace PimSim.Traces.Engine.Backends;

/// <summary>A backend that knows how long its operators take.</summary>
public interface IOperatorTimer
{
    /// <summary>
    /// Time on the device of the operator called last, in nanoseconds; waits until it is done. 0 if none has been called. Views and
    /// <see cref="IBackend{TTensor}.BeginBlock"/> are no operators.
    /// </summary>
    long LastOperatorNanoseconds { get; }
}
