using System.Globalization;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Traces.Format.Tests.Measurements;

/// <summary>Tables that a test writes itself, each file in a folder of its own name, and a plain reading of any table.</summary>
internal sealed class MeasuredTables : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim").FullName;

    public string Folder => _folder;

    public string Write(string relative, params IEnumerable<string> lines)
    {
        string path = Path.Combine(_folder, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllLines(path, lines);
        return path;
    }

    public static Measurement[] Read(string path, MeasurementOptions? options = null) => [.. MeasurementFile.Open(path, options).Measurements()];

    /// <summary>Rows of a table without quotes, by column.</summary>
    public static Dictionary<string, string>[] Plain(string path)
    {
        string[] lines = [.. File.ReadLines(path).Where(line => line.Length > 0)];
        string[] header = [.. lines[0].Split(',').Select(name => name.Trim())];
        return [.. lines.Skip(1).Select(line => header.Zip(line.Split(',')).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    public static long Long(Dictionary<string, string> row, string column) => long.Parse(row[column], NumberStyles.Float, CultureInfo.InvariantCulture);

    public static double Double(Dictionary<string, string> row, string column) => double.Parse(row[column], CultureInfo.InvariantCulture);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
