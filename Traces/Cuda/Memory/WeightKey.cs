using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>Where a model has a weight. A model of one stack is all decoder.</summary>
/// <param name="Stack">Stack of blocks.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Layer">Block of the stack; 0 for what stands once.</param>
internal readonly record struct WeightKey(ModelStack Stack, OperatorRole Role, int Layer)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Role} {Layer} of the {Stack}";
}
