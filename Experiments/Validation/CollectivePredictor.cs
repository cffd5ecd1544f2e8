using PimSim.Devices.Links;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Validation;

/// <summary>Collectives between equal devices of one node, by the number of ranks. Not thread-safe.</summary>
/// <param name="stack">The software.</param>
/// <param name="architecture">Generation of the devices, as data sheets write it.</param>
/// <param name="link">The link between them.</param>
public sealed class CollectivePredictor(CollectiveStack stack, string architecture, LinkSpecification link)
{
    private const double NanosecondsPerPicosecond = 1e-3;
    private const double NanosecondsPerSecond = 1e9;

    private readonly Dictionary<int, CollectiveModel> _models = [];

    /// <summary>Predicted time, launch included.</summary>
    /// <exception cref="PimSimUserException">The link does not connect so many devices.</exception>
    public double Nanoseconds(in Operator op)
    {
        if (!_models.TryGetValue(op.Ranks, out CollectiveModel? model))
        {
            _models[op.Ranks] = model = new CollectiveModel(stack, architecture, new CollectiveGroup(op.Ranks, link));
        }

        return model.Cost(op).Time.Value * NanosecondsPerPicosecond;
    }

    /// <summary>The least that each rank must send, at the payload rate of its link.</summary>
    public double WireNanoseconds(in Operator op)
    {
        double passes = op.Collective switch
        {
            CollectiveKind.SendReceive => 1,
            CollectiveKind.AllReduce => 2.0 * (op.Ranks - 1) / op.Ranks,
            _ => (op.Ranks - 1.0) / op.Ranks,
        };
        return passes * Bytes(op) / link.PayloadBytesPerSecond * NanosecondsPerSecond;
    }

    private static long Bytes(in Operator op) => op.ActivationType.Bytes((long)op.Rows * op.Outputs);
}
