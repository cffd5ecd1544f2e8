using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Requests;

namespace PimSim.Simulator.Serving.Arrivals;

/// <summary>
/// Users who each send a request, wait for its end, think, and send the next, until the source has no more. The source says the
/// lengths; its arrival times do not apply.
/// </summary>
public sealed class ClosedLoop : IArrivalSource
{
    private readonly IEnumerator<Request> _requests;
    private readonly int _users;
    private readonly Picoseconds _thinkTime;

    /// <summary>Creates the users, who all send their first request at time 0.</summary>
    public ClosedLoop(IRequestSource source, int users, Picoseconds thinkTime)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (users < 1 || thinkTime < Picoseconds.Zero)
        {
            throw new PimSimUserException($"closed loop: {users} users and {thinkTime} to think; 1 user or more and 0 or more are needed");
        }

        _requests = source.Requests().GetEnumerator();
        _users = users;
        _thinkTime = thinkTime;
    }

    /// <inheritdoc/>
    public void Start(IArrivalSink sink)
    {
        for (int i = 0; i < _users; i++)
        {
            Send(Picoseconds.Zero, sink);
        }
    }

    /// <inheritdoc/>
    public void Arrived(IArrivalSink sink)
    {
    }

    /// <inheritdoc/>
    public void Ended(Picoseconds now, IArrivalSink sink) => Send(now + _thinkTime, sink);

    /// <inheritdoc/>
    public void Dispose() => _requests.Dispose();

    private void Send(Picoseconds time, IArrivalSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        if (_requests.MoveNext())
        {
            sink.Announce(time, _requests.Current);
        }
    }
}
