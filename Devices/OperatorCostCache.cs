using System.Diagnostics;
using System.Runtime.CompilerServices;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices;

/// <summary>
/// What operators cost on one device, by their shapes and data types; role and phase do not count. Finding a known one allocates nothing. Operators
/// must have a shape (not <see cref="OperatorKind.Opaque"/>), in the data types that the device computes them in. Holds at most so many: then it
/// forgets all and starts anew, so that a stream of ever new contexts doesn't fill the memory. Not thread-safe.
/// </summary>
/// <typeparam name="TCost">What is kept: times, energies, bytes.</typeparam>
public sealed class OperatorCostCache<TCost>
    where TCost : struct
{
    private const int FirstPlaces = 256;
    private const int MostByDefault = 1 << 18;

    private readonly int _most;
    private Place[] _places = new Place[FirstPlaces];

    /// <summary>An empty cache.</summary>
    /// <param name="most">Operators held at most.</param>
    public OperatorCostCache(int most = MostByDefault)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        _most = most;
    }

    /// <summary>Operators known.</summary>
    public int Count { get; private set; }

    /// <summary>Finds an operator's cost. False if it isn't known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryGet(in Operator op, out TCost cost)
    {
        OperatorKey key = new(op);
        ref readonly Place place = ref _places[Find(_places, key)];
        cost = place.Cost;
        return place.Key.IsPresent;
    }

    /// <summary>Keeps an operator's cost; one that is known is replaced.</summary>
    public void Set(in Operator op, in TCost cost)
    {
        Debug.Assert(op.Kind != OperatorKind.Opaque, "an opaque operator has no shape");
        OperatorKey key = new(op);
        int at = Find(_places, key);
        if (!_places[at].Key.IsPresent)
        {
            at = MakeRoom(key, at);
            Count++;
        }

        _places[at] = new Place(key, cost);
    }

    private int MakeRoom(in OperatorKey key, int at)
    {
        if (Count == _most)
        {
            Array.Clear(_places);
            Count = 0;
        }
        else if (2 * (Count + 1) > _places.Length)
        {
            Place[] larger = new Place[2 * _places.Length];
            foreach (ref readonly Place place in _places.AsSpan())
            {
                if (place.Key.IsPresent)
                {
                    larger[Find(larger, place.Key)] = place;
                }
            }

            _places = larger;
        }
        else
        {
            return at;
        }

        return Find(_places, key);
    }

    /// <summary>The place of a key, or the empty one where it belongs: half the places are empty, so there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Find(Place[] places, in OperatorKey key)
    {
        int mask = places.Length - 1;
        int at = (int)key.Hash() & mask;
        while (places[at].Key.IsPresent && !places[at].Key.Matches(key))
        {
            at = (at + 1) & mask;
        }

        return at;
    }

    private readonly record struct Place(OperatorKey Key, TCost Cost);
}
