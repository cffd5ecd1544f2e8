using System.Diagnostics;
using System.Globalization;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;

namespace PimSim.Benchmarks;

/// <summary>
/// Decoding with random weights of a model's real shape, beside a plain read of as much memory with as many threads. The two take turns, so
/// that both see the same neighbours on a shared machine.
/// </summary>
internal static class CpuDecode
{
    private const int TokensPerTurn = 4;
    private const int WarmTurns = 5;

    public static void Run(string model, string type, int tokens, int threads)
    {
        ModelShape shape = new ModelZoo([ModelZoo.ShippedFolder]).Shape(model) with { WeightType = DataTypes.Parse(type) };
        long start = Stopwatch.GetTimestamp();
        using RandomWeights weights = new(shape, new ModelNumerics(), 1);
        Print($"{model} {type}: {shape.Footprint(1, 1).Parameters / 1e6:F1} M parameters drawn in {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s");

        using CpuBackend backend = new(weights, threads);
        using WorkerTeam team = new(threads);
        DecoderModel<CpuTensor> decoder = new(backend);
        KvCache cache = backend.CreateCache(1, tokens + (WarmTurns * TokensPerTurn));
        long bytesPerToken = WeightBytes(shape);
        PlainRead read = new(bytesPerToken);
        List<double> decodeSeconds = [];
        List<double> readSeconds = [];
        double decodeProcessor = 0;
        double readProcessor = 0;
        int[] token = [1];
        for (int turn = -WarmTurns; turn < tokens / TokensPerTurn; turn++)
        {
            double before = ProcessorSeconds();
            double decoded = Decode(backend, decoder, cache, token) / TokensPerTurn;
            double between = ProcessorSeconds();
            double plain = read.Seconds(team, TokensPerTurn) / TokensPerTurn;
            if (turn >= 0)
            {
                decodeProcessor += between - before;
                readProcessor += ProcessorSeconds() - between;
                decodeSeconds.Add(decoded);
                readSeconds.Add(plain);
            }
        }

        Print($"{threads} threads, context up to {cache.Length}, {decodeSeconds.Count} turns of {TokensPerTurn} tokens, {bytesPerToken / 1e6:F0} MB of weights per token");
        Report("median", 0.5, bytesPerToken, decodeSeconds, readSeconds);
        Report("fastest tenth", 0.1, bytesPerToken, decodeSeconds, readSeconds);
        Report("fastest", 0, bytesPerToken, decodeSeconds, readSeconds);

        // On a busy machine the closest to what an idle one would show: waiting for a core does not count, waiting for memory and for each other does.
        double rate = bytesPerToken * TokensPerTurn * (double)decodeSeconds.Count * threads / 1e9;
        Print($"processor time: weights {rate / decodeProcessor:F1} GB/s, plain read {rate / readProcessor:F1} GB/s, ratio {readProcessor / decodeProcessor:F2}");
    }

    private static double ProcessorSeconds() => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static void Report(string name, double quantile, long bytes, List<double> decodeSeconds, List<double> readSeconds)
    {
        double decode = Quantile(decodeSeconds, quantile);
        double read = Quantile(readSeconds, quantile);
        Print($"{name}: {1 / decode:F1} tokens/s, weights {bytes / decode / 1e9:F1} GB/s, plain read {bytes / read / 1e9:F1} GB/s, ratio {read / decode:F2}");
    }

    private static double Decode(CpuBackend backend, DecoderModel<CpuTensor> decoder, KvCache cache, int[] token)
    {
        long start = Stopwatch.GetTimestamp();
        for (int step = 0; step < TokensPerTurn; step++)
        {
            backend.Sample(decoder.Forward(token, cache), token);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>All matrices; the one row of each table and the norm vectors are left out.</summary>
    private static long WeightBytes(ModelShape shape)
    {
        OperatorRole[] roles = [OperatorRole.QkvProjection, OperatorRole.OutputProjection, OperatorRole.FfnUp, OperatorRole.FfnDown, OperatorRole.LmHead];
        return roles.Select(shape.Matrix).Sum(matrix => shape.WeightType.Bytes((long)matrix.Inputs * matrix.Outputs * matrix.Instances));
    }

    private static double Quantile(List<double> values, double quantile) => values.Order().ElementAt((int)(values.Count * quantile));

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
