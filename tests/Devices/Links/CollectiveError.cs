using System.Globalization;
using PimSim.Devices.Links;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Tests.Links;

/// <summary>Error of predicted against measured time: mean of the sizes, signed mean, and what 90 % stay below.</summary>
internal sealed record CollectiveError(CollectiveKind Kind, int Ranks, int Count, double Mean, double Bias, double Ninetieth)
{
    public static IEnumerable<CollectiveError> ByKind(IEnumerable<MeasuredCollective> rows, CollectiveStack stack) =>
        rows.GroupBy(row => (row.Kind, row.Ranks)).OrderBy(group => group.Key).Select(group => Of(group.Key.Kind, group.Key.Ranks, group.Select(row => (row.Predicted(stack) / row.Microseconds) - 1)));

    public static CollectiveError Of(CollectiveKind kind, int ranks, IEnumerable<double> relative)
    {
        double[] errors = [.. relative];
        double[] sizes = [.. errors.Select(Math.Abs).Order()];
        return new(kind, ranks, errors.Length, sizes.Average(), errors.Average(), sizes[(int)Math.Ceiling(0.9 * sizes.Length) - 1]);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Kind} | {Ranks} | {Count} | {Mean:0.0%} | {Bias:+0.0%;-0.0%} | {Ninetieth:0.0%} |");
}
