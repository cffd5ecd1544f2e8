using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>How the GPUs of a system share out a model: <c>parallelism</c> in its file.</summary>
/// <param name="Tensor">GPUs that share out each layer.</param>
/// <param name="Pipeline">Stages that share out the layers.</param>
public readonly record struct GpuParallelism(int Tensor, int Pipeline)
{
    /// <summary>Reads the mapping; without it all GPUs share out each layer. Faults go to the problem list.</summary>
    /// <param name="node">The mapping.</param>
    /// <param name="gpus">GPUs of the system.</param>
    internal static GpuParallelism Read(DataNode node, int gpus)
    {
        if (!node.Exists)
        {
            return new GpuParallelism(gpus, 1);
        }

        int pipeline = (int)node.Optional("pipeline").Integer(1, SystemDefinition.MostGpus, 1);
        DataNode tensorNode = node.Optional("tensor");
        int tensor = (int)tensorNode.Integer(1, SystemDefinition.MostGpus, Math.Max(1, gpus / pipeline));
        node.RejectUnknownKeys();
        if (tensor * pipeline != gpus)
        {
            node.Report($"tensor {tensor} x pipeline {pipeline} = {tensor * pipeline}, but there are {gpus} GPUs ('gpus')");
        }

        return new GpuParallelism(tensor, pipeline);
    }
}
