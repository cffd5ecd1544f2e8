namespace PimSim.Traces.Engine.Recording;

/// <summary>
/// Measures how long each operator takes on the hardware that computes it. A backend that computes while its caller waits is timed by
/// <see cref="StopwatchClock"/>; one that works asynchronously notes events here and asks for their times when the step is over. Not
/// thread-safe.
/// </summary>
public interface IOperatorClock
{
    /// <summary>An operator is about to be called.</summary>
    void Begin();

    /// <summary>The operator begun last has been called. Not called if it failed.</summary>
    void End();

    /// <summary>
    /// Waits for what is still running, gives the nanoseconds of every operator ended since the last call, in order, and forgets them.
    /// </summary>
    /// <param name="nanoseconds">As many as operators were ended.</param>
    void Read(Span<long> nanoseconds);
}
