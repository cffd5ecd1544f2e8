using System.Text.Json;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>
/// What matters of a Kineto trace, gathered in one pass over the file: GPU activities, the runtime calls that launched
/// them, the host operators that match, and the steps. Memory grows with their number, not with the file.
/// </summary>
internal sealed class KinetoTrace
{
    private const string StepPrefix = "ProfilerStep#";

    private readonly string _path;
    private readonly Phase _phase;
    private readonly KinetoEventReader _reader = new();
    private readonly KinetoEvent _event = new();
    private readonly Dictionary<(int Process, int Thread), int> _threads = [];
    private readonly Dictionary<(long Device, long Stream), int> _streamNumbers = [];
    private readonly Dictionary<Operator, int> _shapeNumbers = [];
    private bool _externalIdsAreOperators;

    private KinetoTrace(string path, Phase phase)
    {
        _path = path;
        _phase = phase;
    }

    /// <summary>In file order.</summary>
    public List<GpuActivity> Activities { get; } = [];

    /// <summary>By correlation.</summary>
    public Dictionary<long, HostCall> Calls { get; } = [];

    /// <summary>In file order.</summary>
    public List<HostOperator> Operators { get; } = [];

    /// <summary>The distinct operators: a model has a few shapes and runs them a million times.</summary>
    public List<Operator> Shapes { get; } = [];

    /// <summary>Places in <see cref="Operators"/> by external id.</summary>
    public Dictionary<long, int> OperatorsByExternalId { get; } = [];

    /// <summary>In file order.</summary>
    public List<AnnotatedStep> Steps { get; } = [];

    /// <summary>Names of activities.</summary>
    public NamePool Names { get; } = new();

    /// <summary>Device and number of every stream.</summary>
    public List<(long Device, long Stream)> Streams { get; } = [];

    /// <summary>Host operators whose name could match and whose shape was absent or in doubt.</summary>
    public int DoubtfulOperators { get; private set; }

    /// <summary>
    /// Whether external ids of activities are those of host operators. Some versions of the profiler write the correlation
    /// there, which then names an operator that has nothing to do with it.
    /// </summary>
    public bool ExternalIdsAreOperators => _externalIdsAreOperators;

    /// <summary>How much later than its operator a call may seem to end, as times were cut to this step.</summary>
    public long ResolutionNanoseconds => _reader.ResolutionNanoseconds;

    /// <summary>Reads a file.</summary>
    /// <exception cref="PimSimUserException">It is not JSON, has no events, or one of them states an impossible time.</exception>
    public static KinetoTrace Read(string path, ImportOptions options)
    {
        using ImportStream stream = ImportStream.Open(path, options.Limits);
        KinetoTrace trace = new(path, options.Phase);
        JsonTokens json = new(stream);
        trace.ReadFile(ref json);
        return trace;
    }

    private void ReadFile(ref JsonTokens json)
    {
        bool found = false;
        if (json.Next() == JsonTokenType.StartArray)
        {
            found = true;
            ReadEvents(ref json);
        }
        else if (json.Type == JsonTokenType.StartObject)
        {
            while (json.Next() == JsonTokenType.PropertyName)
            {
                if (!json.Is("traceEvents"u8))
                {
                    json.SkipProperty();
                    continue;
                }

                if (found || json.Next() != JsonTokenType.StartArray)
                {
                    throw json.Fault("'traceEvents' must occur once and be a list of events");
                }

                found = true;
                ReadEvents(ref json);
            }
        }

        if (!found)
        {
            throw ImportError.Of(_path, "has no 'traceEvents'; a Chrome trace of the PyTorch profiler was expected");
        }

        if (json.Read())
        {
            throw json.Fault("there is more after the end of the trace");
        }
    }

    private void ReadEvents(ref JsonTokens json)
    {
        while (json.Next() != JsonTokenType.EndArray)
        {
            if (json.Type != JsonTokenType.StartObject)
            {
                throw json.Fault($"an event must be an object, not {ImportError.Show(json.Raw)}");
            }

            _reader.Read(ref json, _event);
            if (_event is { Complete: true, Category: not KinetoCategory.Other })
            {
                Keep(ref json);
            }
        }
    }

    private void Keep(ref JsonTokens json)
    {
        if (_event.StartNanoseconds == KinetoEvent.Absent || _event.DurationNanoseconds == KinetoEvent.Absent)
        {
            throw json.Fault(_event.Offset, $"event {ImportError.Show(_event.Name.ToString())} has no '{(_event.StartNanoseconds == KinetoEvent.Absent ? "ts" : "dur")}'");
        }

        switch (_event.Category)
        {
            case KinetoCategory.GpuActivity:
                KeepActivity(ref json);
                break;
            case KinetoCategory.Launch:
                KeepCall();
                break;
            case KinetoCategory.HostOperator:
                KeepOperator();
                break;
            default:
                if (_event.Name.StartsWith(StepPrefix))
                {
                    Steps.Add(new AnnotatedStep(_event.StartNanoseconds, End, _event.Process, _event.Name.ToString()));
                }

                break;
        }
    }

    private long End => _event.StartNanoseconds + _event.DurationNanoseconds;

    private void KeepActivity(ref JsonTokens json)
    {
        if (_event.DurationNanoseconds > TraceLimits.Nanoseconds)
        {
            throw json.Fault(_event.Offset, $"event {ImportError.Show(_event.Name.ToString())} takes {_event.DurationNanoseconds} ns; {TraceLimits.Nanoseconds} is the most");
        }

        (long Device, long Stream) key = (_event.Device, _event.Stream);
        if (!_streamNumbers.TryGetValue(key, out int stream))
        {
            stream = Streams.Count;
            Streams.Add(key);
            _streamNumbers.Add(key, stream);
        }

        _externalIdsAreOperators |= _event.ExternalId != KinetoEvent.Absent && _event.ExternalId != _event.Correlation;
        Activities.Add(new GpuActivity(
            _event.StartNanoseconds,
            _event.DurationNanoseconds,
            Names.Number(_event.Name),
            stream,
            _event.Correlation,
            _event.ExternalId));
    }

    private void KeepCall()
    {
        if (_event.Correlation == KinetoEvent.Absent)
        {
            return;
        }

        // Two calls of one correlation: several processes in one file. Which of them launched what is not to be known.
        HostCall call = new(_event.StartNanoseconds, End, Thread(), Ambiguous: false);
        if (!Calls.TryAdd(_event.Correlation, call))
        {
            Calls[_event.Correlation] = call with { Ambiguous = true };
        }
    }

    private void KeepOperator()
    {
        if (!OperatorMatch.Knows(_event.Name))
        {
            return;
        }

        if (!OperatorMatch.TryMatch(_event.Name, _event.Arguments, _phase, out Operator op))
        {
            DoubtfulOperators++;
            return;
        }

        if (_event.ExternalId != KinetoEvent.Absent)
        {
            OperatorsByExternalId[_event.ExternalId] = Operators.Count;
        }

        if (!_shapeNumbers.TryGetValue(op, out int shape))
        {
            shape = Shapes.Count;
            Shapes.Add(op);
            _shapeNumbers.Add(op, shape);
        }

        Operators.Add(new HostOperator(_event.StartNanoseconds, End, Thread(), shape));
    }

    private int Thread()
    {
        (int Process, int Thread) key = (_event.Process, _event.Thread);
        if (!_threads.TryGetValue(key, out int number))
        {
            number = _threads.Count;
            _threads.Add(key, number);
        }

        return number;
    }
}
