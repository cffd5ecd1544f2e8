using System.Collections.Immutable;
using PimSim.Devices.Gpu;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Calibration;

/// <summary>
/// The host's costs of a stack as something to fit. They are fitted beside the GPUs whose machines are the reference, those without a
/// <c>host_scale</c> or with one of exactly 1; beside others only their scale is.
/// </summary>
internal static class HostFamily
{
    private const string Section = "launch";
    private const double NanosecondsPerPicosecond = 1e-3;

    private static readonly ImmutableArray<KernelConstant> Costs =
    [
        new("cost_per_kernel", Dimension.Time, 0, 1e5, "ns"),
        new("host_cost_per_step", Dimension.Time, 0, 5e7, "ns"),
        new("host_cost_per_token", Dimension.Time, 0, 2e6, "ns"),
        new("host_cost_per_prompt_step", Dimension.Time, 0, 5e7, "ns"),
    ];

    /// <summary>What there is to fit for a stack beside GPUs of an architecture.</summary>
    public static StackFamily Of(GpuStack stack, GpuArchitecture architecture) => stack.HostScale(architecture) == 1
        ? new StackFamily(
            Section,
            "",
            Costs,
            [Nanoseconds(stack.LaunchCost), Nanoseconds(stack.HostCostPerStep), Nanoseconds(stack.HostCostPerToken), Nanoseconds(stack.HostCostPerPromptStep)],
            _ => false,
            values => stack with
            {
                LaunchCost = Time(values[0]),
                HostCostPerStep = Time(values[1]),
                HostCostPerToken = Time(values[2]),
                HostCostPerPromptStep = Time(values[3]),
            })
        : new StackFamily(
            Section,
            "host_scale",
            [new(architecture.ToString().ToLowerInvariant(), Dimension.Ratio, 0.1, 10, "")],
            [stack.HostScale(architecture)],
            _ => false,
            values => stack with { HostScales = stack.HostScales.SetItem(architecture, values[0]) });

    private static double Nanoseconds(Picoseconds time) => time.Value * NanosecondsPerPicosecond;

    private static Picoseconds Time(double nanoseconds) => new((long)Math.Round(nanoseconds / NanosecondsPerPicosecond));
}
