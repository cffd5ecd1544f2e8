using PimSim.Devices.Dram.Streaming;

namespace PimSim.Devices.Cpu;

/// <summary>
/// What so many threads draw from memory: each no more than its lines in flight allow, all together no more than the channels
/// give to that many streams. A thread's prefetchers run ahead within a page, which lies in one channel: in its turn it has all of its lines in
/// flight there.
/// </summary>
internal sealed class CpuBandwidth
{
    private const double Copying = 0.5;

    private readonly CpuMemory _memory;
    private readonly int _bytesInTurn;

    /// <summary>Bandwidth of a memory.</summary>
    public CpuBandwidth(CpuMemory memory)
    {
        _memory = memory;
        _bytesInTurn = memory.LinesInFlight * CpuMemory.LineBytes;
    }

    /// <summary>Bytes per second of threads that only read.</summary>
    public double Reading(int threads) => Of(1, threads);

    /// <summary>Bytes per second of threads that write as much as they read.</summary>
    public double ReadingAndWriting(int threads) => Of(Copying, threads);

    /// <summary>What threads that read are served as, in one channel.</summary>
    public StreamingPattern ReadPattern(int threads) => new(1, threads, _bytesInTurn);

    private double Of(double readShare, int threads)
    {
        double fraction = _memory.Dram is null ? 1 : DramStreaming.Fraction(_memory.Dram, new StreamingPattern(readShare, threads, _bytesInTurn));
        return Math.Min(threads * _memory.BytesPerSecondOfCore, fraction * _memory.BytesPerSecond);
    }
}
