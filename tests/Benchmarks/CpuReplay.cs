using System.Globalization;
using PimSim.Devices.Cpu;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;

namespace PimSim.Benchmarks;

/// <summary>
/// Predicts the recorded times of one model on this machine: from its data sheet (a file, with this run's bandwidth and FLOP rate in place of the
/// published ones) and from the stack <c>pimsim-cpu</c>, whose constants are fitted on another model here and used for every operator.
/// </summary>
internal static class CpuReplay
{
    private const int ReadBytes = 256 << 20;
    private const int Turns = 6;
    private const double Changed = 0.1;

    public static void Run(string fitted, string predicted, string type, int prompt, int tokens, string machineFile)
    {
        int threads = Environment.ProcessorCount;
        CpuSpecification machine = Measure(ReadMachine(machineFile), threads);
        DataType weights = DataTypes.Parse(type);
        CpuStack shipped = ReadStack() with { WeightType = weights };
        List<Step> training = Record(fitted, type, prompt, tokens, threads);
        CpuStack stack = CpuStackFit.Fit(machine, shipped, training.SelectMany(Measured));
        List<Step> steps = Record(predicted, type, prompt, tokens, threads);
        CpuSpecification after = Measure(machine, threads);
        if (Math.Abs((after.Memory.BytesPerSecond / machine.Memory.BytesPerSecond) - 1) > Changed || Math.Abs((after.Cores.BaseHertz / machine.Cores.BaseHertz) - 1) > Changed)
        {
            Print($"the machine was not the same before and after: neighbours took part of it, and the figures below say nothing; run again");
        }

        CpuAchieved achieved = stack.Achieved;
        Print($"engine, fitted on {fitted} {type}: bandwidth {achieved.Bandwidth:P0}, products {achieved.Gemm:P0}, attention {achieved.Attention:P1}, elementwise {achieved.Elementwise:P1}, {stack.Calls.Call.Value / 1e6:F2} us per operator");
        Compare(training, new CpuDevice(machine, stack), $"{fitted} {type}, fitted");
        Compare(steps, new CpuDevice(machine, stack), $"{predicted} {type}, {prompt} + {tokens} tokens");
        Compare(steps, new CpuDevice(machine, shipped), $"{predicted} {type}, with the constants of the catalogue");
    }

    private static CpuSpecification ReadMachine(string file)
    {
        ProblemList problems = new();
        HardwareCatalogue catalogue = new(null);
        CpuSpecification machine = CpuSpecification.Read(new CatalogueEntry(DataNode.Load(file, problems)), catalogue.Memories, catalogue.Standards);
        problems.ThrowIfAny();
        return machine;
    }

    private static CpuStack ReadStack()
    {
        ProblemList problems = new();
        CpuStack stack = CpuStack.Read(new HardwareCatalogue(null).Stacks.Open("pimsim-cpu", problems));
        problems.ThrowIfAny();
        return stack;
    }

    /// <summary>Puts what is measured in place of the clock, of the memory's rate, and of what a core draws alone.</summary>
    private static CpuSpecification Measure(CpuSpecification machine, int threads)
    {
        using WorkerTeam team = new(threads);
        using WorkerTeam single = new(1);
        PlainRead read = new(ReadBytes);
        FusedMultiplies multiplies = new();
        read.Seconds(team, 2);
        multiplies.FlopsPerSecond(team, threads);

        // Of seconds the quarter that was fastest, of rates likewise: neighbours only slow things down.
        double Low(Func<double> measure) => Enumerable.Range(0, 16).Select(_ => measure()).Order().ElementAt(4);
        double alone = ReadBytes / Low(() => read.Seconds(single, 1));
        double bandwidth = ReadBytes / Low(() => read.Seconds(team, 1));
        double flops = 1 / Low(() => 1 / multiplies.FlopsPerSecond(team, threads));
        Print($"this machine, {threads} threads: plain read {bandwidth / 1e9:F1} GB/s ({alone / 1e9:F1} of one), fused multiplications {flops / 1e9:F0} GFLOP/s");
        CpuCores cores = machine.Cores with { Cores = threads };
        double hertz = flops / (threads * 2.0 * cores.Lanes * cores.FmaUnits);
        return machine with
        {
            Cores = cores with { BaseHertz = hertz, TurboHertz = hertz },
            Memory = machine.Memory with { BytesPerSecond = bandwidth, Dram = null, LatencySeconds = machine.Memory.LinesInFlight * CpuMemory.LineBytes / alone },
        };
    }

    private static List<Step> Record(string model, string type, int prompt, int tokens, int threads)
    {
        ModelShape shape = new ModelZoo([ModelZoo.ShippedFolder]).Shape(model) with { WeightType = DataTypes.Parse(type) };
        using RandomWeights weights = new(shape, new ModelNumerics(), 1);
        using CpuBackend backend = new(weights, threads);
        GenerationRequest request = new(prompt, tokens, 1);
        ITechnique technique = TechniqueCatalogue.Shipped.Get("autoregressive").Program;
        int[] text = [.. Enumerable.Range(1, prompt)];
        List<Step> steps = [];
        for (int turn = 0; turn < Turns; turn++)
        {
            // The first turn warms code and caches. Of the others each operator's fastest time counts: neighbours only slow things down.
            EngineSession<CpuTensor> session = new(backend, 1, technique.ReservedContext(request), new StopwatchClock());
            List<Step> again = [.. technique.Run(session, request, text)];
            steps = turn < 2 ? again : [.. steps.Zip(again, (best, step) => best with { MeasuredNanoseconds = [.. best.MeasuredNanoseconds.Zip(step.MeasuredNanoseconds, Math.Min)] })];
        }

        return steps;
    }

    private static void Compare(List<Step> steps, CpuDevice device, string title)
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
