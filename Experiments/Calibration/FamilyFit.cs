using System.Collections.Immutable;
using PimSim.Experiments.Validation;

namespace PimSim.Experiments.Calibration;

/// <summary>The fit of one kernel family.</summary>
/// <param name="Family">What was fitted.</param>
/// <param name="Rows">Measurements that are its.</param>
/// <param name="Groups">Groups that they fall into: models, or shapes of weights.</param>
/// <param name="Folds">Parts that were left out in turn; 0 where there is only one group.</param>
/// <param name="Before">Errors with the constants of the stack file.</param>
/// <param name="LeftOut">Errors on groups that the constants were not fitted on; null without folds.</param>
/// <param name="Values">Constants fitted on all groups, in the order of their definitions.</param>
public sealed record FamilyFit(
    StackFamily Family, int Rows, int Groups, int Folds, ErrorStatistics Before, ErrorStatistics? LeftOut, ImmutableArray<double> Values);
