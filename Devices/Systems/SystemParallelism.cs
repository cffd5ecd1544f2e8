using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Systems;

/// <summary>How the GPUs of a system share out a model.</summary>
/// <param name="Tensor">GPUs that share out every matrix and the heads.</param>
/// <param name="Expert">GPUs that share out the experts, each of them whole; 1: experts are cut as other matrices are.</param>
/// <param name="Data">Groups that each have sequences of their own.</param>
/// <param name="Pipeline">Stages that share out the layers; the other numbers are those of one.</param>
/// <param name="AllToAll">Tokens of several groups are sent to their experts one by one, not gathered by all (<c>exchange</c>).</param>
public sealed record SystemParallelism(int Tensor, int Expert = 1, int Data = 1, bool AllToAll = false, int Pipeline = 1)
{
    /// <summary>GPUs of a stage.</summary>
    public int Ranks => Tensor * Data;

    /// <summary>Experts are whole and shared out.</summary>
    public bool WholeExperts => Expert > 1;

    /// <summary>All share every matrix and the heads, and nothing else.</summary>
    public bool IsTensorAlone => this is { Expert: 1, Data: 1, Pipeline: 1 };

    /// <summary>Reads 'parallelism' of a system of so many GPUs; without it all share out every matrix. Faults go to the problem list.</summary>
    internal static SystemParallelism Read(DataNode node, int gpus)
    {
        if (!node.Exists)
        {
            return new(gpus);
        }

        if (!node.IsMapping)
        {
            node.Report("a mapping with 'tensor', 'pipeline', 'expert', 'data' and 'exchange' is needed here, all of them optional");
            return new(gpus);
        }

        DataNode data = node.Optional("data"), tensor = node.Optional("tensor"), expert = node.Optional("expert"), exchange = node.Optional("exchange");
        int groups = (int)data.Integer(1, gpus, 1);
        int stages = (int)node.Optional("pipeline").Integer(1, gpus, 1);
        int shares = (int)tensor.Integer(1, gpus, Math.Max(1, gpus / (groups * stages)));
        int experts = (int)expert.Integer(1, gpus, 1);
        bool allToAll = exchange.Word(["gather", "all-to-all"], "gather") == "all-to-all";
        node.RejectUnknownKeys();
        string product = string.Create(CultureInfo.InvariantCulture, $"{shares} x {groups}{(stages > 1 ? $" x {stages}" : "")} GPUs");
        if (shares * groups * stages != gpus)
        {
            node.Report($"'tensor' x 'data'{(stages > 1 ? " x 'pipeline'" : "")} must be the system's {gpus} GPUs, not {product}");
        }
        else if (groups > 1 && stages > 1)
        {
            node.Report($"{product}: stages of groups with sequences of their own are not built yet; either 'pipeline' or 'data' must be 1");
        }
        else if (groups > 1 && shares > 1)
        {
            node.Report($"{product}: groups of several GPUs with sequences of their own are not built yet; either 'tensor' or 'data' must be 1");
        }
        else if (experts != 1 && experts != gpus / stages)
        {
            expert.Report($"experts are shared out over all {gpus / stages} GPUs{(stages > 1 ? " of a stage" : "")} or none; write {gpus / stages} or 1");
        }
        else if (groups > 1 && experts == 1)
        {
            node.Report($"{groups} GPUs that share nothing are replicas of a system of one GPU: say so in the experiment ('serving: replicas: {groups}'), or share out the experts ('expert: {groups}')");
        }
        else if (exchange.Exists && groups == 1)
        {
            exchange.Report("tokens are exchanged where groups have sequences of their own ('data' above 1) only");
        }

        return new(shares, experts, groups, allToAll, stages);
    }
}
