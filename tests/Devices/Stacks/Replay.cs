using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Tests.Stacks;

/// <summary>Runs steps on one device, and opens the shipped catalogue.</summary>
internal static class Replay
{
    private static readonly string Catalogue = Directory.EnumerateDirectories(AppContext.BaseDirectory)
        .Single(folder => string.Equals(Path.GetFileName(folder), "catalogue", StringComparison.OrdinalIgnoreCase));

    /// <summary>Executes a step from <paramref name="start"/> and returns when it is over.</summary>
    public static Picoseconds Run(IDevice device, Step step, Picoseconds start)
    {
        Picoseconds now = device.BeginStep(step, start);
        foreach (StepBlock block in step.Blocks)
        {
            for (int instance = 0; instance < block.Repeat; instance++)
            {
                foreach (Operator op in block.Operators)
                {
                    now = device.Execute(op, instance, now);
                }
            }
        }

        return device.EndStep(step, now);
    }

    /// <summary>Opens a shipped entry.</summary>
    public static CatalogueEntry Open(string folder, string name) =>
        new CatalogueFolder(folder, [Path.Combine(Catalogue, folder)]).Open(name, new ProblemList());

    /// <summary>A shipped GPU with a shipped stack.</summary>
    public static GpuDevice Gpu(string gpu, string stack) => new(Sheet(gpu), Silicon(gpu), Stack(stack));

    /// <summary>A shipped stack.</summary>
    public static GpuStack Stack(string stack) => GpuStack.Read(Open("stacks", stack), new HardwareCatalogue(null).Stacks);

    /// <summary>The data sheet of a shipped GPU.</summary>
    public static GpuSpecification Sheet(string gpu)
    {
        HardwareCatalogue catalogue = new(null);
        return GpuSpecification.Read(catalogue.Gpus.Open(gpu, new ProblemList()), catalogue.Memories, catalogue.Standards);
    }

    /// <summary>The energies of a shipped GPU's silicon.</summary>
    public static GpuSilicon Silicon(string gpu) =>
        GpuSilicon.Read(new HardwareCatalogue(null).Silicon.Open(Sheet(gpu).Architecture.ToString().ToLowerInvariant(), new ProblemList()));
}
