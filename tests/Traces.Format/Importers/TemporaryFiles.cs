using System.IO.Compression;
using System.Text;

namespace PimSim.Traces.Format.Tests.Importers;

/// <summary>A folder of small files that a test writes itself.</summary>
internal sealed class TemporaryFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim").FullName;
    private int _count;

    public string Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    public string Write(byte[] bytes)
    {
        string path = Path.Combine(_folder, $"{_count++}.file");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public string WriteGzip(byte[] bytes) => Write(Gzip(bytes));

    public static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream result = new();
        using (GZipStream stream = new(result, CompressionLevel.Optimal))
        {
            stream.Write(bytes);
        }

        return result.ToArray();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
