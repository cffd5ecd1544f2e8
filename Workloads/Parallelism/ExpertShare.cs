using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Parallelism;

/// <summary>
/// What one of N devices has of the experts of a layer: a part of the width of each, or some of them whole. Whole experts are taken to be visited
/// evenly: a device has 1/N of the experts that are visited and 1/N of the pairs of tokens and experts, both rounded up.
/// </summary>
internal sealed class ExpertShare
{
    private readonly ModelShape _model;
    private readonly int _ranks;
    private readonly bool _whole;

    /// <summary>Shares the experts of <paramref name="model"/> out.</summary>
    /// <exception cref="PimSimUserException">They cannot be shared out evenly, or there are none.</exception>
    public ExpertShare(ModelShape model, int ranks, bool whole)
    {
        if (whole && !model.HasExperts)
        {
            throw new PimSimUserException($"'{model.Name}' has no experts that {ranks} devices could share out; leave 'expert' out of the system's 'parallelism'");
        }

        if (whole && model.Experts % ranks != 0)
        {
            throw new PimSimUserException($"'{model.Name}' cannot be shared out over {ranks} devices: its {model.Experts} experts do not divide evenly; take a number of devices that divides them");
        }

        _model = model;
        _ranks = ranks;
        _whole = whole;
    }

    /// <summary>The part of a product or nonlinearity of the experts.</summary>
    /// <param name="op">That of all devices.</param>
    /// <param name="second">It is the second of the two products.</param>
    public Operator Of(in Operator op, bool second) => (_whole, op.Kind) switch
    {
        (true, OperatorKind.GroupedGemm) => op with { Rows = Share(op.Rows), Experts = Share(op.Experts) },
        (true, _) => op with { Rows = Share(op.Rows) },
        (false, OperatorKind.GroupedGemm) when second => op with { Inputs = op.Inputs / _ranks },
        _ => op with { Outputs = op.Outputs / _ranks },
    };

    /// <summary>The part of the matrices of all experts.</summary>
    public WeightMatrix Of(WeightMatrix matrix) => _whole ? matrix with { Instances = matrix.Instances / _ranks }
        : matrix.Role == OperatorRole.FfnUp ? matrix with { Outputs = matrix.Outputs / _ranks }
        : matrix with { Inputs = matrix.Inputs / _ranks };

    /// <summary>Tokens whose results a second product adds up.</summary>
    public int Tokens(in Operator second) => second.Rows / _model.ExpertsPerToken;

    private int Share(int all) => (int)(((long)all + _ranks - 1) / _ranks);
}
