using PimSim.Devices.Cpu;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;

namespace PimSim.Benchmarks;

/// <summary>
/// Finds what a stack achieves from measured operators of one model: the cost of a call from the smallest ones, and each efficiency so that
/// the operators that it decides take in total what they took. Of equal operators the median counts, so that a neighbour's noise does not.
/// </summary>
internal static class CpuStackFit
{
    private const double SmallBytes = 16e3;
    private const double LargeBytes = 1e6;
    private const int Halvings = 40;

    public static CpuStack Fit(CpuSpecification machine, CpuStack start, IEnumerable<(Operator Operator, long Nanoseconds)> measured)
    {
        List<Sample> samples = [.. measured.GroupBy(pair => pair.Operator, pair => pair.Nanoseconds).Select(
            group => new Sample(group.Key, OperatorCost.Of(group.Key), group.Order().ElementAt(group.Count() / 2), group.Count()))];
        List<long> small = [.. samples.Where(sample => sample.Cost.Bytes < SmallBytes && sample.Cost.Flops < SmallBytes).SelectMany(sample => Enumerable.Repeat(sample.Nanoseconds, sample.Count)).Order()];
        CpuStack stack = start with { Calls = start.Calls with { Call = new Picoseconds(small[small.Count / 2] * 1000) } };

        // Weights of one token: memory decides, as long as the arithmetic keeps up.
        Choose(sample => sample.Operator.Kind == OperatorKind.Gemm && sample.Operator.Rows == 1 && sample.Cost.Bytes > LargeBytes, (achieved, value) => achieved with { Bandwidth = value, Gemm = 1 });
        Choose(sample => sample.Operator.Kind == OperatorKind.Gemm && sample.Operator.Rows > 1, (achieved, value) => achieved with { Gemm = value });
        Choose(sample => sample.Operator.Kind == OperatorKind.Attention, (achieved, value) => achieved with { Attention = value });
        Choose(sample => sample.Operator.Kind is OperatorKind.Norm or OperatorKind.Activation or OperatorKind.Add && sample.Operator.Rows > 1, (achieved, value) => achieved with { Elementwise = value });
        return stack;

        void Choose(Func<Sample, bool> decides, Func<CpuAchieved, double, CpuAchieved> with)
        {
            List<Sample> chosen = [.. samples.Where(decides)];
            double target = chosen.Sum(sample => sample.Count * sample.Nanoseconds * 1000.0);
            double low = 1e-4;
            double high = 1;
            for (int halving = 0; halving < Halvings; halving++)
            {
                double middle = Math.Sqrt(low * high);
                CpuDevice device = new(machine, stack with { Achieved = with(stack.Achieved, middle) });
                double predicted = chosen.Sum(sample => sample.Count * (double)device.Execute(sample.Operator, 0, Picoseconds.Zero).Value);
                (low, high) = predicted > target ? (middle, high) : (low, middle);
            }

            stack = stack with { Achieved = with(stack.Achieved, high) };
        }
    }

    private readonly record struct Sample(Operator Operator, OperatorCost Cost, long Nanoseconds, int Count);
}
