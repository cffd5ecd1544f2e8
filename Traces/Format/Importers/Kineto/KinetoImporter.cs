using System.Collections.Immutable;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>
/// A Chrome trace of the PyTorch profiler as steps. Within a step the operators stand in the order in which their first
/// activity started, whatever stream it was on; activities of one matched operator on one stream are that operator, every
/// other is an opaque operator of its own.
/// </summary>
internal static class KinetoImporter
{
    public static ImportedSteps Read(string path, ImportOptions options)
    {
        KinetoTrace trace = KinetoTrace.Read(path, options);
        if (trace.Activities.Count == 0)
        {
            throw ImportError.Of(path, "holds no GPU activity (categories kernel, gpu_memcpy, gpu_memset); was it recorded with ProfilerActivity.CUDA?");
        }

        try
        {
            return new Assembly(trace, path, options.Phase).Build();
        }
        catch (OverflowException)
        {
            throw ImportError.Of(path, "its GPU times add up to more than 292 years");
        }
    }

    /// <summary>Work of one operator: the first activity of it and the time of all.</summary>
    private struct Work
    {
        public int Slot;
        public long StartNanoseconds;
        public int Activity;
        public int Operator;
        public long Nanoseconds;
    }

    private sealed class Assembly
    {
        private readonly KinetoTrace _trace;
        private readonly string _path;
        private readonly Phase _phase;
        private readonly StepSlots _slots;
        private readonly List<Work> _works = [];
        private long _busy;
        private long _matchedTime;
        private long _matched;
        private long _unlinked;

        public Assembly(KinetoTrace trace, string path, Phase phase)
        {
            _trace = trace;
            _path = path;
            _phase = phase;
            _slots = new StepSlots(trace.Steps, path);
        }

        public ImportedSteps Build()
        {
            GatherWork();
            _works.Sort(static (a, b) =>
            {
                int bySlot = a.Slot.CompareTo(b.Slot);
                int byStart = bySlot != 0 ? bySlot : a.StartNanoseconds.CompareTo(b.StartNanoseconds);
                return byStart != 0 ? byStart : a.Activity.CompareTo(b.Activity);
            });
            ImmutableArray<Step>.Builder steps = ImmutableArray.CreateBuilder<Step>();
            List<string> names = [];
            for (int first = 0; first < _works.Count;)
            {
                int slot = _works[first].Slot;
                int end = first;
                while (end < _works.Count && _works[end].Slot == slot)
                {
                    end++;
                }

                names.Add(_slots.Name(slot));
                steps.Add(NewStep(steps.Count, first, end));
                first = end;
            }

            return new ImportedSteps(_path, ImportFormat.Kineto, steps.ToImmutable(), Summarise(names));
        }

        private void GatherWork()
        {
            LaunchLinks links = new(_trace);
            int[] order = ByTime(_trace.Activities);
            Dictionary<(int Operator, int Stream), int> open = [];
            foreach (int place in order)
            {
                GpuActivity activity = _trace.Activities[place];
                int op = links.OperatorOf(activity);
                _busy = checked(_busy + activity.DurationNanoseconds);
                _unlinked += _trace.Calls.ContainsKey(activity.Correlation) ? 0 : 1;
                if (op >= 0)
                {
                    _matched++;
                    _matchedTime += activity.DurationNanoseconds;
                    if (open.TryGetValue((op, activity.Stream), out int known))
                    {
                        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_works)[known].Nanoseconds += activity.DurationNanoseconds;
                        continue;
                    }

                    open.Add((op, activity.Stream), _works.Count);
                }

                _works.Add(new Work
                {
                    Slot = _slots.Of(links.LaunchNanoseconds(activity)),
                    StartNanoseconds = activity.StartNanoseconds,
                    Activity = place,
                    Operator = op,
                    Nanoseconds = activity.DurationNanoseconds,
                });
            }
        }

        private Step NewStep(int index, int first, int end)
        {
            if (end - first > TraceLimits.OperatorsPerStep)
            {
                throw ImportError.Of(_path, $"a step has {end - first} operators, {TraceLimits.OperatorsPerStep} is the most; record it with a schedule, whose steps are marked");
            }

            ImmutableArray<Operator>.Builder operators = ImmutableArray.CreateBuilder<Operator>(end - first);
            ImmutableArray<long>.Builder times = ImmutableArray.CreateBuilder<long>(end - first);
            for (int i = first; i < end; i++)
            {
                Work work = _works[i];
                if (work.Nanoseconds > TraceLimits.Nanoseconds)
                {
                    throw ImportError.Of(_path, $"the activities of one operator take {work.Nanoseconds} ns; {TraceLimits.Nanoseconds} is the most");
                }

                operators.Add(work.Operator >= 0
                    ? _trace.Shapes[_trace.Operators[work.Operator].Shape]
                    : OpaqueOperator.New(_trace.Names[_trace.Activities[work.Activity].Name], work.Nanoseconds, _phase));
                times.Add(work.Nanoseconds);
            }

            return new Step(index, _phase, [new StepBlock(operators.MoveToImmutable(), 1)], CommittedTokens: 0)
            {
                MeasuredNanoseconds = times.MoveToImmutable(),
            };
        }

        private ImportSummary Summarise(List<string> names)
        {
            long[] counts = new long[_trace.Streams.Count];
            long[] times = new long[_trace.Streams.Count];
            foreach (GpuActivity activity in _trace.Activities)
            {
                counts[activity.Stream]++;
                times[activity.Stream] += activity.DurationNanoseconds;
            }

            return new ImportSummary(_trace.Activities.Count, _busy, _matched, _matchedTime)
            {
                AnyStreamBusyNanoseconds = Union(_trace.Activities),
                Streams = [.. _trace.Streams.Select((stream, i) => new StreamTime(StreamName(stream), counts[i], times[i]))],
                StepNames = _trace.Steps.Count == 0 ? [] : [.. names],
                DoubtfulOperators = _trace.DoubtfulOperators,
                UnlinkedActivities = _unlinked,
            };
        }

        private static string StreamName((long Device, long Stream) stream) =>
            $"device {(stream.Device == KinetoEvent.Absent ? "?" : stream.Device)} stream {(stream.Stream == KinetoEvent.Absent ? "?" : stream.Stream)}";

        private static int[] ByTime(List<GpuActivity> activities)
        {
            int[] order = new int[activities.Count];
            for (int i = 0; i < order.Length; i++)
            {
                order[i] = i;
            }

            Array.Sort(order, (a, b) =>
            {
                int byStart = activities[a].StartNanoseconds.CompareTo(activities[b].StartNanoseconds);
                return byStart != 0 ? byStart : a.CompareTo(b);
            });
            return order;
        }

        private static long Union(List<GpuActivity> activities)
        {
            long total = 0;
            long end = long.MinValue;
            foreach (int place in ByTime(activities))
            {
                GpuActivity activity = activities[place];
                long from = Math.Max(end, activity.StartNanoseconds);
                long to = activity.StartNanoseconds + activity.DurationNanoseconds;
                total += Math.Max(0, to - from);
                end = Math.Max(end, to);
            }

            return total;
        }
    }
}
