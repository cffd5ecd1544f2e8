using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Reports.Training;

/// <summary>The loss of one model over its training.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Points">At least one, in order.</param>
public sealed record LossSeries(string Name, IReadOnlyList<LossSeries.Point> Points)
{
    private const string Header = "step,tokens,training_bits_per_byte,held_out_bits_per_byte";

    /// <summary>The loss after so many tokens, in bits per byte.</summary>
    /// <param name="Tokens">Tokens seen.</param>
    /// <param name="TrainingBitsPerByte">Mean since the point before.</param>
    /// <param name="HeldOutBitsPerByte">On text that is not trained on.</param>
    public readonly record struct Point(long Tokens, double TrainingBitsPerByte, double HeldOutBitsPerByte);

    /// <summary>Reads the CSV that Traces/Training writes.</summary>
    /// <exception cref="PimSimUserException">The file can't be read, or a line is not as it should be.</exception>
    public static LossSeries Read(string name, string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }

        if (lines.Length < 2 || lines[0] != Header)
        {
            throw new PimSimUserException($"{path}:1: not a loss curve: the first line must be '{Header}' and at least one point must follow");
        }

        return new LossSeries(name, [.. lines.Skip(1).Select((line, index) => Parse(line, path, index + 2))]);
    }

    private static Point Parse(string line, string path, int number)
    {
        string[] cells = line.Split(',');
        return cells.Length == 4
            && long.TryParse(cells[1], NumberStyles.None, CultureInfo.InvariantCulture, out long tokens)
            && double.TryParse(cells[2], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double training)
            && double.TryParse(cells[3], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double heldOut)
            ? new Point(tokens, training, heldOut)
            : throw new PimSimUserException($"{path}:{number}: '{line}' is not a point: {Header}");
    }
}
