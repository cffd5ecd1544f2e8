namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>
/// Finds for every GPU activity the host operator that caused it: the outermost match that encloses, on the same thread,
/// the runtime call with the activity's correlation. Outermost, because the parts of a matched operator belong to it
/// (aten::linear is aten::addmm within, attention may be three kernels). Without a call, the external id is followed where
/// the file uses it for operators.
/// </summary>
internal sealed class LaunchLinks
{
    private const int None = -1;

    private readonly KinetoTrace _trace;
    private readonly int[] _order;
    private readonly Dictionary<long, int> _operatorOfCall = [];

    public LaunchLinks(KinetoTrace trace)
    {
        _trace = trace;
        _order = OutermostOperators();
        foreach ((long correlation, HostCall call) in trace.Calls)
        {
            int enclosing = call.Ambiguous ? None : Enclosing(call);
            if (enclosing != None)
            {
                _operatorOfCall.Add(correlation, enclosing);
            }
        }
    }

    /// <summary>Place of an activity's operator in <see cref="KinetoTrace.Operators"/>; -1 if there is none.</summary>
    public int OperatorOf(in GpuActivity activity)
    {
        if (_trace.Calls.ContainsKey(activity.Correlation))
        {
            return _operatorOfCall.GetValueOrDefault(activity.Correlation, None);
        }

        return _trace.ExternalIdsAreOperators && _trace.OperatorsByExternalId.TryGetValue(activity.ExternalId, out int direct) ? direct : None;
    }

    /// <summary>When the host launched an activity; its own start where that is not recorded.</summary>
    public long LaunchNanoseconds(in GpuActivity activity) =>
        _trace.Calls.TryGetValue(activity.Correlation, out HostCall call) && !call.Ambiguous ? call.StartNanoseconds : activity.StartNanoseconds;

    /// <summary>The matches that no other encloses, by thread and start. They do not overlap within a thread.</summary>
    private int[] OutermostOperators()
    {
        List<HostOperator> operators = _trace.Operators;
        int[] order = new int[operators.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) =>
        {
            int byThread = operators[a].Thread.CompareTo(operators[b].Thread);
            int byStart = byThread != 0 ? byThread : operators[a].StartNanoseconds.CompareTo(operators[b].StartNanoseconds);
            int byEnd = byStart != 0 ? byStart : operators[b].EndNanoseconds.CompareTo(operators[a].EndNanoseconds);
            return byEnd != 0 ? byEnd : a.CompareTo(b);
        });
        int count = 0;
        foreach (int candidate in order)
        {
            HostOperator op = operators[candidate];
            if (count == 0 || operators[order[count - 1]].Thread != op.Thread || operators[order[count - 1]].EndNanoseconds < op.EndNanoseconds)
            {
                order[count++] = candidate;
            }
        }

        return order[..count];
    }

    /// <summary>The outermost match that encloses a call; with times cut to microseconds it may seem to end one too early.</summary>
    private int Enclosing(in HostCall call)
    {
        int low = 0;
        int high = _order.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            HostOperator op = _trace.Operators[_order[middle]];
            bool before = op.Thread < call.Thread || (op.Thread == call.Thread && op.StartNanoseconds <= call.StartNanoseconds);
            (low, high) = before ? (middle + 1, high) : (low, middle);
        }

        int place = low - 1;
        if (place >= 0 && _trace.Operators[_order[place]] is { } last && last.Thread == call.Thread && call.EndNanoseconds <= last.EndNanoseconds + _trace.ResolutionNanoseconds)
        {
            return _order[place];
        }

        return None;
    }
}
