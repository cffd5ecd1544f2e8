using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Streaming;

/// <summary>Sequential streams that a memory serves as fast as it can, in turns.</summary>
/// <param name="ReadShare">Share of the bytes that is read, from 0 to 1. Reads and writes have streams of their own.</param>
/// <param name="Streams">Streams in each direction that has any bytes: cores or SMs that walk through an operand each.</param>
/// <param name="BytesInTurn">Consecutive bytes of a stream before the next stream's turn: a cache line.</param>
public readonly record struct StreamingPattern(double ReadShare, int Streams, int BytesInTurn = StreamingPattern.CacheLine)
{
    /// <summary>Bytes of a cache line of most processors.</summary>
    public const int CacheLine = 64;

    private const int MostStreams = 1 << 16;
    private const int MostBytes = 1 << 16;

    /// <summary>Throws if the pattern is none.</summary>
    /// <exception cref="PimSimUserException">A number is outside its range.</exception>
    public void Check()
    {
        if (!(ReadShare is >= 0 and <= 1))
        {
            throw new PimSimUserException($"streaming pattern: the share of reads is {ReadShare}; 0 to 1 is allowed");
        }

        if (Streams is < 1 or > MostStreams)
        {
            throw new PimSimUserException($"streaming pattern: {Streams} streams; 1 to {MostStreams} are allowed");
        }

        if (BytesInTurn is < 1 or > MostBytes)
        {
            throw new PimSimUserException($"streaming pattern: {BytesInTurn} bytes in a turn; 1 to {MostBytes} are allowed");
        }
    }
}
