using PimSim.Devices.Dram.Mapping;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Devices.Dram.Streaming;

/// <summary>
/// The requests of a pattern to one pseudo-channel. Operands lie at places that nobody chose, so every stream starts at a drawn
/// address, the same in every run, and is moved to another one now and then: no number hangs on one unlucky placement.
/// </summary>
internal sealed class StreamingTraffic
{
    private readonly AddressMapping _mapping;
    private readonly StreamingPattern _pattern;
    private readonly int _firstBank;
    private readonly int _accessesInTurn;
    private readonly long[] _reads;
    private readonly long[] _writes;
    private ulong _state;
    private double _owedReads;
    private int _nextRead;
    private int _nextWrite;
    private int _left;
    private bool _isWrite;
    private long _address;

    /// <summary>Streams at their first places.</summary>
    /// <param name="mapping">Addresses within one pseudo-channel.</param>
    /// <param name="pattern">Streams.</param>
    /// <param name="pseudoChannel">The pseudo-channel.</param>
    public StreamingTraffic(AddressMapping mapping, StreamingPattern pattern, int pseudoChannel)
    {
        _mapping = mapping;
        _pattern = pattern;
        _firstBank = pseudoChannel * mapping.Organization.Banks;
        _accessesInTurn = CeilingDivision.Of(pattern.BytesInTurn, mapping.Organization.AccessBytes);
        _reads = new long[pattern.Streams];
        _writes = new long[pattern.Streams];
        _state = (ulong)pseudoChannel;
        Place();
    }

    /// <summary>Moves every stream to another place.</summary>
    public void Place()
    {
        foreach (long[] streams in (long[][])[_reads, _writes])
        {
            for (int stream = 0; stream < streams.Length; stream++)
            {
                streams[stream] = (long)(Draw() % (ulong)_mapping.Bytes) / TurnBytes * TurnBytes;
            }
        }
    }

    /// <summary>The next request.</summary>
    public DramRequest Next(long id)
    {
        if (_left == 0)
        {
            TakeTurn();
        }

        DramLocation location = _mapping.Map(_address);
        _address += _mapping.Organization.AccessBytes;
        _left--;
        return new DramRequest(id, 0, 0, _firstBank + location.Bank, location.Row, location.Column, _isWrite);
    }

    private long TurnBytes => (long)_accessesInTurn * _mapping.Organization.AccessBytes;

    private void TakeTurn()
    {
        _owedReads += _pattern.ReadShare;
        _isWrite = _owedReads < 1;
        _owedReads -= _isWrite ? 0 : 1;
        ref int next = ref _isWrite ? ref _nextWrite : ref _nextRead;
        ref long stream = ref (_isWrite ? _writes : _reads)[next];
        next = (next + 1) % _pattern.Streams;

        // A turn that would not fit before the end of the memory goes on at its start.
        _address = stream + TurnBytes <= _mapping.Bytes ? stream : 0;
        stream = _address + TurnBytes;
        _left = _accessesInTurn;
    }

    // splitmix64
    private ulong Draw()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
