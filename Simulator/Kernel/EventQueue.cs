using System.Runtime.CompilerServices;

namespace PimSim.Simulator.Kernel;

/// <summary>
/// Pending events in time order. Events at equal times come out by ascending priority, then in the order in which they were
/// scheduled: the order is the same in every run. Time never runs backwards. A binary heap of structs; no allocation once
/// it has grown. Not thread-safe.
/// </summary>
/// <typeparam name="TEvent">The event, a struct.</typeparam>
public sealed class EventQueue<TEvent>
    where TEvent : struct
{
    private Entry[] _heap;
    private int _count;
    private long _sequence;

    /// <summary>Creates an empty queue with room for <paramref name="capacity"/> events.</summary>
    public EventQueue(int capacity = 64) => _heap = new Entry[Math.Max(capacity, 4)];

    /// <summary>Number of pending events.</summary>
    public int Count => _count;

    /// <summary>The time of the event taken last.</summary>
    public Picoseconds Now { get; private set; }

    /// <summary>Adds an event. Lower <paramref name="priority"/> comes first at equal times.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time lies before <see cref="Now"/>.</exception>
    public void Schedule(Picoseconds time, TEvent item, int priority = 0)
    {
        if (time < Now)
        {
            throw new ArgumentOutOfRangeException(nameof(time), $"{time} lies before now, {Now}");
        }

        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, _count * 2);
        }

        Entry entry = new(time.Value, priority, _sequence++, item);
        int hole = _count++;
        while (hole > 0)
        {
            int parent = (hole - 1) / 2;
            if (!Before(entry, _heap[parent]))
            {
                break;
            }

            _heap[hole] = _heap[parent];
            hole = parent;
        }

        _heap[hole] = entry;
    }

    /// <summary>Takes the next event and moves <see cref="Now"/> to its time; false if none is pending.</summary>
    public bool TryNext(out TEvent item)
    {
        if (_count == 0)
        {
            item = default;
            return false;
        }

        ref Entry top = ref _heap[0];
        Now = new(top.Time);
        item = top.Item;
        Entry last = _heap[--_count];
        _heap[_count] = default;
        int hole = 0;
        while (true)
        {
            int child = (2 * hole) + 1;
            if (child >= _count)
            {
                break;
            }

            if (child + 1 < _count && Before(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!Before(_heap[child], last))
            {
                break;
            }

            _heap[hole] = _heap[child];
            hole = child;
        }

        if (_count > 0)
        {
            _heap[hole] = last;
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Before(in Entry a, in Entry b) =>
        a.Time != b.Time ? a.Time < b.Time : a.Priority != b.Priority ? a.Priority < b.Priority : a.Sequence < b.Sequence;

    private readonly record struct Entry(long Time, int Priority, long Sequence, TEvent Item);
}
