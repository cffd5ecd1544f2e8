using PimSim.Devices.Gpu;
using PimSim.Devices.Links;
using PimSim.Devices.Offload;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;

namespace PimSim.Experiments.Tests.Serving.Offload;

/// <summary>Systems and models of the shipped catalogue.</summary>
internal static class Systems
{
    private static readonly HardwareCatalogue Hardware = new(null);
    private static readonly ModelZoo Zoo = new([ModelZoo.ShippedFolder]);

    /// <summary>A network that costs nothing.</summary>
    public static NetworkPath NoNetwork { get; } = new(
        new LinkSpecification("none", LinkTopology.Network, double.PositiveInfinity, 1, Picoseconds.Zero, Energy.Zero, 1, false),
        new NetworkSoftware("none", Picoseconds.Zero, 1),
        1);

    public static SystemDefinition Open(string name, params (string Key, string Value)[] changes)
    {
        ProblemList problems = new();
        ParameterChange[] read = [.. changes.Select(change => Change(change.Key, change.Value, problems))];
        SystemDefinition? system = SystemDefinition.Read(Hardware, name, read, problems);
        problems.ThrowIfAny();
        return system!;
    }

    /// <summary>One H100 with the stack of Lamina's model workers.</summary>
    public static IDevice SingleH100()
    {
        GpuParts parts = GpuParts.Open(Hardware, "h100-sxm", "vllm-0.14");
        return new GpuDevice(parts.Gpu, parts.Silicon, parts.Stack);
    }

    /// <summary>What operators take on it by themselves.</summary>
    public static long PicosecondsOnH100(params Operator[] operators)
    {
        GpuParts parts = GpuParts.Open(Hardware, "h100-sxm", "vllm-0.14");
        GpuCostModel costs = new(parts.Gpu, parts.Silicon, parts.Stack);
        return operators.Sum(op => costs.Of(costs.Stored(op)).TotalPs);
    }

    /// <summary>The same as a device of a pool.</summary>
    public static IAttentionDevice OneH100() => new GpuAttentionDevice(GpuParts.Open(Hardware, "h100-sxm", "vllm-0.14"));

    public static OffloadDefinition Offload(string name, params (string Key, string Value)[] changes) => Open(name, changes).Offload!;

    /// <summary>A model of the zoo; where it was made for short contexts, with room for longer ones, as the authors of Lamina ran it.</summary>
    public static ModelShape Model(string name)
    {
        ModelShape shape = Zoo.Shape(name);
        return shape with { MaxPositions = Math.Max(shape.MaxPositions, 1 << 17) };
    }

    private static ParameterChange Change(string key, string value, ProblemList problems)
    {
        string[] parts = key.Split('.', 2);
        return new ParameterChange(parts[0], parts[1], DataNode.Parse("experiment.yaml", $"v: {value}\n", problems).Required("v"));
    }
}
