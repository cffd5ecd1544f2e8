using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using PimSim.Traces.Engine.Backends.Cpu;

namespace PimSim.Benchmarks;

/// <summary>Adds up all numbers of an array, a mebibyte per piece.</summary>
internal sealed class PlainRead(long bytes) : ParallelWork
{
    private const int PieceValues = 1 << 18;

    private readonly float[] _values = Filled((int)(bytes / sizeof(float)));
    private float _total;

    public double Seconds(WorkerTeam team, int times)
    {
        long start = Stopwatch.GetTimestamp();
        for (int time = 0; time < times; time++)
        {
            team.Run(this, Pieces(_values.Length, PieceValues));
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public override void Run(int piece, int worker)
    {
        int first = piece * PieceValues;
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(_values.AsSpan(first, Math.Min(PieceValues, _values.Length - first)));
        Vector512<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int index = 0; index <= vectors.Length - 4; index += 4)
        {
            sum0 += vectors[index];
            sum1 += vectors[index + 1];
            sum2 += vectors[index + 2];
            sum3 += vectors[index + 3];
        }

        // Kept, or the compiler could leave the reads out.
        _total = Vector512.Sum(sum0 + sum1 + sum2 + sum3);
    }

    public override string ToString() => _total.ToString(CultureInfo.InvariantCulture);

    private static float[] Filled(int count)
    {
        float[] values = new float[count];
        Array.Fill(values, 1);
        return values;
    }
}
