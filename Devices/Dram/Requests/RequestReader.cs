using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Requests;

/// <summary>Reads requests of one format from a window of bytes: nothing is allocated, and a request costs its bytes.</summary>
internal sealed class RequestReader<TFormat> : IRequestSource
    where TFormat : struct, ILineFormat
{
    private readonly string _name;
    private readonly ByteWindow _bytes;
    private TFormat _format;
    private long _requests;
    private long _otherLines;

    /// <summary>Goes on behind <paramref name="linesBefore"/> lines that were no requests.</summary>
    public RequestReader(string name, ByteWindow bytes, long linesBefore, TFormat format)
    {
        _name = name;
        _bytes = bytes;
        _otherLines = linesBefore;
        _format = format;
    }

    public int Read(Span<DramRequest> requests)
    {
        int count = 0;
        while (count < requests.Length && (_bytes.Position < _bytes.Limit || RequestFile.Refill(_bytes, _name, _requests + _otherLines + 1)))
        {
            count += ReadLines(requests[count..]);
        }

        if (_requests == 0 && !requests.IsEmpty)
        {
            throw RequestFile.NoRequests(_name);
        }

        return count;
    }

    public void Dispose() => _bytes.Dispose();

    // Compiled in full at once: a run may be over before the runtime would find this loop worth it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ReadLines(Span<DramRequest> requests)
    {
        TFormat format = _format;
        long first = _requests;
        ref byte start = ref MemoryMarshal.GetArrayDataReference(_bytes.Buffer);
        nint at = _bytes.Position;
        nint limit = _bytes.Limit;
        int count = 0;
        while (count < requests.Length && at < limit)
        {
            nint next = format.Read(ref start, at, first + count, out requests[count]);
            if (next == 0)
            {
                next = SkipOrThrow(format, at, first + count);
                count--;
            }

            count++;
            at = next;
        }

        _format = format;
        _requests = first + count;
        _bytes.Position = (int)at;
        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private nint SkipOrThrow(TFormat format, nint at, long id)
    {
        ReadOnlySpan<byte> line = RequestFile.Line(_bytes, (int)at);
        if (RequestFile.IsData(line))
        {
            throw new PimSimUserException($"{_name}:{id + _otherLines + 1}: {format.Explain(RequestFile.Text(line), id)}");
        }

        _otherLines++;
        return at + line.Length;
    }
}
