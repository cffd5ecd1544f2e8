using System.Text;
using PimSim.Devices.Dram.Mapping;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Requests;

/// <summary>
/// Opens files of requests, plain or gzip, of any length: they are read once, through one buffer. Blank lines and lines that
/// begin with # are skipped.
/// </summary>
public static class RequestFile
{
    /// <summary>The path that stands for standard input.</summary>
    public const string StandardInput = "-";

    // Large enough that system calls do not count, small enough to stay in the second-level cache.
    private const int BufferBytes = 1 << 18;

    private const string Header = "id,arrival,op,rank,bankgroup,bank,row,col";
    private const string HeaderWithChannel = "id,arrival,op,channel,rank,bankgroup,bank,row,col";

    private static ReadOnlySpan<byte> ByteOrderMark => [0xef, 0xbb, 0xbf];

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file, or <see cref="StandardInput"/>.</param>
    /// <param name="mapping">The memory, and where an address lies in it.</param>
    /// <param name="format">The format; null to tell it from the first line of data.</param>
    /// <exception cref="PimSimUserException">The file can't be read, is empty or is in no known format.</exception>
    public static IRequestSource Open(string path, AddressMapping mapping, RequestFormat? format = null)
    {
        if (path == StandardInput)
        {
            return Open(Console.OpenStandardInput(), "standard input", mapping, format, BufferBytes);
        }

        try
        {
            return Open(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan), path, mapping, format, BufferBytes);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Takes over a stream and reads it through a buffer of some size.</summary>
    internal static IRequestSource Open(Stream stream, string name, AddressMapping mapping, RequestFormat? format, int bufferBytes)
    {
        ByteWindow? bytes = null;
        try
        {
            bytes = new ByteWindow(stream, bufferBytes);
            return Open(bytes, name, mapping, format);
        }
        catch
        {
            bytes?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The next lines; false at the end.</summary>
    internal static bool Refill(ByteWindow bytes, string name, long line)
    {
        try
        {
            return bytes.Refill();
        }
        catch (InvalidDataException fault)
        {
            throw new PimSimUserException($"{name}:{line}: {fault.Message}", fault);
        }
        catch (IOException fault)
        {
            throw new PimSimUserException($"{name}:{line}: cannot be read on: {fault.Message}", fault);
        }
    }

    /// <summary>The line at a position with its line feed.</summary>
    internal static ReadOnlySpan<byte> Line(ByteWindow bytes, int at)
    {
        ReadOnlySpan<byte> rest = bytes.Buffer.AsSpan(at, bytes.Limit - at);
        return rest[..(rest.IndexOf((byte)'\n') + 1)];
    }

    /// <summary>False for blank lines and comments.</summary>
    internal static bool IsData(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> text = line[Ascii.Trim(line)];
        return !text.IsEmpty && text[0] != (byte)'#';
    }

    /// <summary>A line without its end and the blanks around it: what a format may be wrong about.</summary>
    internal static string Text(ReadOnlySpan<byte> line)
    {
        string text = Encoding.UTF8.GetString(line).TrimEnd('\n');
        return (text.EndsWith('\r') ? text[..^1] : text).Trim(' ', '\t');
    }

    internal static PimSimUserException NoRequests(string name) =>
        new($"{name}: there is no request in it; a line for each is expected, such as '0x7f40 READ 120' or 'LD 0x7f40'");

    private static IRequestSource Open(ByteWindow bytes, string name, AddressMapping mapping, RequestFormat? format)
    {
        long before = 0;
        string? first = null;
        while (first is null)
        {
            if (bytes.Position == bytes.Limit && !Refill(bytes, name, before + 1))
            {
                throw NoRequests(name);
            }

            if (before == 0 && Line(bytes, bytes.Position).StartsWith(ByteOrderMark))
            {
                bytes.Position += ByteOrderMark.Length;
            }

            ReadOnlySpan<byte> line = Line(bytes, bytes.Position);
            if (IsData(line))
            {
                first = Text(line);
            }
            else
            {
                before++;
                bytes.Position += line.Length;
            }
        }

        switch (format ?? RequestFormats.Detect(first))
        {
            case RequestFormat.DramSim3:
                return new RequestReader<DramSim3Line>(name, bytes, before, new DramSim3Line(mapping));
            case RequestFormat.RamulatorLoadStore:
                return new RequestReader<LoadStoreLine>(name, bytes, before, new LoadStoreLine(mapping));
            case RequestFormat.RamulatorReadWrite:
                return new RequestReader<ReadWriteLine>(name, bytes, before, new ReadWriteLine(mapping.Organization, mapping.Channels));
            case RequestFormat.Coordinates:
                if (first is not (Header or HeaderWithChannel))
                {
                    throw new PimSimUserException($"{name}:{before + 1}: the header '{first}' is not '{Header}', nor the same with 'channel' before 'rank'");
                }

                bytes.Position += Line(bytes, bytes.Position).Length;
                return new RequestReader<CoordinateLine>(name, bytes, before + 1, new CoordinateLine(mapping.Organization, mapping.Channels, first == HeaderWithChannel));
            default:
                throw new PimSimUserException($"{name}:{before + 1}: '{first}' is in no known format; '0x7f40 READ 120' (DRAMsim3), 'LD 0x7f40' or 'R 0,0,1,2,100,64' (Ramulator 2) or the header '{Header}' would be right");
        }
    }
}
