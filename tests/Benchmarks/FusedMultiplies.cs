using System.Diagnostics;
using System.Runtime.Intrinsics;
using PimSim.Traces.Engine.Backends.Cpu;

namespace PimSim.Benchmarks;

/// <summary>Fused multiplications and additions of single precision in registers: the rate that this machine computes at.</summary>
internal sealed class FusedMultiplies : ParallelWork
{
    private const int Steps = 4_000_000;
    private const int Chains = 8;

    private float _kept;

    /// <summary>FLOPs per second of all threads of a team.</summary>
    public double FlopsPerSecond(WorkerTeam team, int threads)
    {
        long start = Stopwatch.GetTimestamp();
        team.Run(this, threads);
        return threads * (double)Steps * Chains * Vector512<float>.Count * 2 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public override void Run(int piece, int worker)
    {
        Vector512<float> factor = Vector512.Create(0.999f);
        Vector512<float> term = Vector512.Create(0.001f);
        Vector512<float> a = term, b = term, c = term, d = term, e = term, f = term, g = term, h = term;
        for (int step = 0; step < Steps; step++)
        {
            a = Vector512.FusedMultiplyAdd(a, factor, term);
            b = Vector512.FusedMultiplyAdd(b, factor, term);
            c = Vector512.FusedMultiplyAdd(c, factor, term);
            d = Vector512.FusedMultiplyAdd(d, factor, term);
            e = Vector512.FusedMultiplyAdd(e, factor, term);
            f = Vector512.FusedMultiplyAdd(f, factor, term);
            g = Vector512.FusedMultiplyAdd(g, factor, term);
            h = Vector512.FusedMultiplyAdd(h, factor, term);
        }

        // Kept, or the compiler could leave the work out.
        _kept += Vector512.Sum(a + b + c + d + e + f + g + h);
    }
}
