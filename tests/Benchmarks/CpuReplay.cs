using System.Globalization;
using PimSim.Devices.Processors;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;

namespace PimSim.Benchmarks;

/// <summary>
/// Predicts the recorded times of one model on this machine from the machine's measured bandwidth and FLOP rate, and from what the engine
/// achieved of them on another model: three numbers, fitted there and used here for every operator.
/// </summary>
internal static class CpuReplay
{
    private const double SmallBytes = 64e3;
    private const double LargeBytes = 1e6;
    private const int ReadBytes = 256 << 20;

    // An operator is one call of the engine.
    private static readonly KernelTable OneEach = new(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    public static void Run(string fitted, string predicted, string type, int prompt, int tokens)
    {
        int threads = Environment.ProcessorCount;
        using WorkerTeam team = new(threads);
        PlainRead read = new(ReadBytes);
        FusedMultiplies multiplies = new();
        read.Seconds(team, 2);
        multiplies.FlopsPerSecond(team, threads);
        double bandwidth = ReadBytes / Enumerable.Range(0, 9).Select(_ => read.Seconds(team, 1)).Order().ElementAt(4);
        double flops = Enumerable.Range(0, 9).Select(_ => multiplies.FlopsPerSecond(team, threads)).Order().ElementAt(4);
        Print($"this machine, {threads} threads: plain read {bandwidth / 1e9:F1} GB/s, fused multiplications {flops / 1e9:F0} GFLOP/s");

        SoftwareStack stack = Fit(Record(fitted, type, prompt, tokens, threads), type, bandwidth, flops);
        Print($"engine, fitted on {fitted} {type}: {stack.BandwidthFraction:P0} of the bandwidth, {stack.ComputeFraction:P0} of the FLOP rate, {stack.LaunchCost.Value / 1e6:F1} us per operator");
        ProcessorSpecification machine = new(
            "this machine", ProcessorClass.Cpu, 1L << 40, bandwidth, new Dictionary<DataType, double> { [DataType.Fp32] = flops }, new Power(0), 0, 0, 0);
        Compare(Record(predicted, type, prompt, tokens, threads), new ProcessorDevice(machine, stack), $"{predicted} {type}, {prompt} + {tokens} tokens");
    }

    private static List<Step> Record(string model, string type, int prompt, int tokens, int threads)
    {
        ModelShape shape = new ModelZoo([ModelZoo.ShippedFolder]).Shape(model) with { WeightType = DataTypes.Parse(type) };
        using RandomWeights weights = new(shape, new ModelNumerics(), 1);
        using CpuBackend backend = new(weights, threads);
        GenerationRequest request = new(prompt, tokens, 1);
        ITechnique technique = TechniqueCatalogue.Get("autoregressive");
        int[] text = [.. Enumerable.Range(1, prompt)];
        List<Step> steps = [];
        for (int turn = 0; turn < 2; turn++)
        {
            // The first turn warms code and caches.
            EngineSession<CpuTensor> session = new(backend, 1, technique.ReservedContext(request), new StopwatchClock());
            steps = [.. technique.Run(session, request, text)];
        }

        return steps;
    }

    private static SoftwareStack Fit(List<Step> steps, string type, double bandwidth, double flops)
    {
        double bytes = 0, readSeconds = 0, operations = 0, computeSeconds = 0;
        List<double> small = [];
        foreach ((Operator op, long nanoseconds) in steps.SelectMany(Measured))
        {
            OperatorCost cost = OperatorCost.Of(op);
            if (cost.Bytes < SmallBytes && op.Kind != OperatorKind.Gemm)
            {
                small.Add(nanoseconds);
            }
            else if (op.Kind == OperatorKind.Gemm && cost.Bytes > LargeBytes && op.Rows == 1)
            {
                bytes += cost.Bytes;
                readSeconds += nanoseconds * 1e-9;
            }
            else if (op.Kind == OperatorKind.Gemm && op.Rows > 1)
            {
                operations += cost.Flops;
                computeSeconds += nanoseconds * 1e-9;
            }
        }

        double launch = small.Order().ElementAt(small.Count / 2);
        return new SoftwareStack(
            "this engine", ProcessorClass.Cpu, DataTypes.Parse(type), DataType.Fp32, DataType.Fp32, Math.Min(1, bytes / readSeconds / bandwidth),
            Math.Min(1, operations / computeSeconds / flops), LaunchMode.Synchronous, new Picoseconds((long)(launch * 1000)), Picoseconds.Zero, OneEach);
    }

    private static void Compare(List<Step> steps, ProcessorDevice device, string title)
    {
        SortedDictionary<OperatorRole, (double Measured, double Predicted)> roles = [];
        Picoseconds now = Picoseconds.Zero;
        foreach (Step step in steps)
        {
            now = device.BeginStep(step, now);
            foreach ((Operator op, long nanoseconds) in Measured(step))
            {
                Picoseconds end = device.Execute(op, 0, now);
                (double measured, double predicted) = roles.GetValueOrDefault(op.Role);
                roles[op.Role] = (measured + (nanoseconds * 1e-6), predicted + ((end - now).Value * 1e-9));
                now = end;
            }

            now = device.EndStep(step, now);
        }

        Print($"{title}: role, measured ms, predicted ms, predicted / measured");
        foreach ((OperatorRole role, (double measured, double predicted)) in roles)
        {
            Print($"| {role} | {measured:F2} | {predicted:F2} | {predicted / measured:F2} |");
        }

        double all = roles.Values.Sum(sum => sum.Measured);
        double allPredicted = roles.Values.Sum(sum => sum.Predicted);
        Print($"| all | {all:F2} | {allPredicted:F2} | {allPredicted / all:F2} |");
    }

    private static IEnumerable<(Operator Operator, long Nanoseconds)> Measured(Step step)
    {
        int at = 0;
        foreach (StepBlock block in step.Blocks)
        {
            for (int instance = 0; instance < block.Repeat; instance++)
            {
                foreach (Operator op in block.Operators)
                {
                    yield return (op, step.MeasuredNanoseconds[at++]);
                }
            }
        }
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
