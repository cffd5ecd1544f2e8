using System.Collections.Immutable;
using PimSim.Experiments.Validation;

namespace PimSim.Experiments.Calibration;

/// <summary>The fit of the energies of a generation of silicon.</summary>
/// <param name="Architecture">Which.</param>
/// <param name="Rows">Measurements with power, long enough for it to mean something.</param>
/// <param name="Before">Errors of the power with the constants of the file.</param>
/// <param name="LeftOut">Errors on groups that the constants were not fitted on.</param>
/// <param name="Old">Constants of the file, in the order of <see cref="SiliconCalibration.Definitions"/>.</param>
/// <param name="Values">Fitted constants.</param>
public sealed record SiliconFit(
    string Architecture, int Rows, ErrorStatistics Before, ErrorStatistics LeftOut, ImmutableArray<double> Old, ImmutableArray<double> Values);
