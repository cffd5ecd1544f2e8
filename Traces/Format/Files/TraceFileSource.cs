using System.Security.Cryptography;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>A trace file as a source of steps, read while they are consumed: memory does not grow with their number. Thread-safe.</summary>
public sealed class TraceFileSource : IStepSource
{
    private const int BufferBytes = 1 << 16;

    private readonly ITraceFormat _format;

    internal TraceFileSource(string path, ITraceFormat format)
    {
        Path = path;
        _format = format;
        using FileStream stream = OpenStream();
        Header = Reading(() => format.ReadHeader(stream, path));
    }

    /// <summary>The file, as it was named.</summary>
    public string Path { get; }

    /// <summary>What the file says about itself.</summary>
    public TraceHeader Header { get; }

    /// <inheritdoc/>
    public ModelFootprint Footprint => Header.Footprint;

    /// <summary>The steps, in order. Each call starts over and yields the same steps.</summary>
    /// <exception cref="PimSimUserException">While enumerating: the file is wrong, with the place.</exception>
    public IEnumerable<Step> Steps()
    {
        using FileStream stream = OpenStream();
        using IEnumerator<Step> steps = _format.ReadSteps(stream, Path).GetEnumerator();
        while (Reading(steps.MoveNext))
        {
            yield return steps.Current;
        }
    }

    /// <summary>SHA-256 of the file's bytes, in hexadecimal.</summary>
    /// <exception cref="PimSimUserException">The file can't be read.</exception>
    public string Hash()
    {
        using FileStream stream = OpenStream();
        return Reading(() => Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    private FileStream OpenStream() => string.IsNullOrWhiteSpace(Path) || Path.Contains('\0', StringComparison.Ordinal)
        ? throw new PimSimUserException($"'{Path}' is not a file name")
        : Reading(() => new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes));

    private T Reading<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{Path}: cannot be read: {fault.Message}", fault);
        }
    }
}
