using System.Globalization;
using System.Text;

namespace PimSim.Traces.Training.Optimisation;

/// <summary>A line of the loss curve.</summary>
/// <param name="Step">Updates done.</param>
/// <param name="Tokens">Tokens seen.</param>
/// <param name="TrainingBitsPerByte">Mean over the steps since the line before.</param>
/// <param name="HeldOutBitsPerByte">On text of the same generator that is not trained on.</param>
internal readonly record struct LossPoint(int Step, long Tokens, double TrainingBitsPerByte, double HeldOutBitsPerByte);

/// <summary>The loss over the steps of a training.</summary>
internal static class LossCurve
{
    /// <summary>All points as CSV.</summary>
    public static string ToCsv(IEnumerable<LossPoint> points)
    {
        StringBuilder text = new("step,tokens,training_bits_per_byte,held_out_bits_per_byte\n");
        foreach (LossPoint point in points)
        {
            text.Append(CultureInfo.InvariantCulture, $"{point.Step},{point.Tokens},{point.TrainingBitsPerByte:F4},{point.HeldOutBitsPerByte:F4}\n");
        }

        return text.ToString();
    }
}
