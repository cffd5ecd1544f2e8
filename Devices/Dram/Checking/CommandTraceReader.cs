using System.Globalization;
using System.IO.Compression;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Checking;

/// <summary>
/// Reads command traces, <c>cycle,cmd,channel,rank,bankgroup,bank,row,col</c>, plain or gzip, line by line. Knows the
/// spellings of DRAMsim3 (<c>activate</c>, <c>read_p</c>; <c>refresh</c> is of a whole rank), DRAMSys (<c>PREPB</c>) and Ramulator
/// (<c>PREab</c>, <c>pseudochannel</c> for rank).
/// </summary>
public sealed class CommandTraceReader : IDisposable
{
    private const int Fields = 8;

    private static readonly Dictionary<string, DramCommand> Commands = new(
        DramCommands.Names.Select(name => KeyValuePair.Create(name, Enum.Parse<DramCommand>(name))), StringComparer.OrdinalIgnoreCase)
    {
        ["activate"] = DramCommand.ACT,
        ["precharge"] = DramCommand.PRE,
        ["PREpb"] = DramCommand.PRE,
        ["PREab"] = DramCommand.PREA,
        ["read"] = DramCommand.RD,
        ["read_p"] = DramCommand.RDA,
        ["write"] = DramCommand.WR,
        ["write_p"] = DramCommand.WRA,
        ["refresh"] = DramCommand.REFab,
        ["refresh_bank"] = DramCommand.REFpb,
    };

    private static readonly string[] Columns = ["cycle", "cmd", "channel", "rank", "bankgroup", "bank", "row", "col"];

    private readonly Dictionary<string, DramCommand>.AlternateLookup<ReadOnlySpan<char>> _commands = Commands.GetAlternateLookup<ReadOnlySpan<char>>();
    private readonly string _path;
    private readonly StreamReader _reader;
    private long _line;

    /// <summary>Opens a trace and reads its header.</summary>
    /// <exception cref="PimSimUserException">It can't be read or is no command trace.</exception>
    public CommandTraceReader(string path)
    {
        _path = path;
        try
        {
            _reader = Open(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }

        try
        {
            CheckHeader();
        }
        catch
        {
            _reader.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next command; false at the end.</summary>
    /// <exception cref="PimSimUserException">A line is malformed.</exception>
    public bool Read(out TracedCommand command)
    {
        string? line = ReadLine();
        while (line is not null && line.AsSpan().Trim().IsEmpty)
        {
            line = ReadLine();
        }

        command = line is null ? default : Parse(line);
        return line is not null;
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private static StreamReader Open(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        bool isGzip = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        return new StreamReader(isGzip ? new GZipStream(file, CompressionMode.Decompress) : file);
    }

    private void CheckHeader()
    {
        string[] found = (ReadLine() ?? "").Split(',', StringSplitOptions.TrimEntries);
        bool fits = found.Length == Fields && Enumerable.Range(0, Fields).All(
            i => found[i].Equals(Columns[i], StringComparison.OrdinalIgnoreCase) || (i == 3 && found[i].Equals("pseudochannel", StringComparison.OrdinalIgnoreCase)));
        if (!fits)
        {
            _line = 1;
            throw Fault($"the first line must be '{string.Join(',', Columns)}' (or 'pseudochannel' for 'rank')");
        }
    }

    private TracedCommand Parse(string line)
    {
        ReadOnlySpan<char> text = line;
        Span<Range> fields = stackalloc Range[Fields + 1];
        int count = text.Split(fields, ',', StringSplitOptions.TrimEntries);
        if (count != Fields)
        {
            throw Fault($"there are {(count > Fields ? "more" : "fewer")} than the {Fields} fields '{string.Join(',', Columns)}'");
        }

        ReadOnlySpan<char> cycle = text[fields[0]];
        if (!long.TryParse(cycle, NumberStyles.None, CultureInfo.InvariantCulture, out long issue) || issue > long.MaxValue / 4)
        {
            throw Fault($"cycle '{cycle}' is not a whole number from 0 to {long.MaxValue / 4}");
        }

        ReadOnlySpan<char> name = text[fields[1]];
        return _commands.TryGetValue(name, out DramCommand command)
            ? new TracedCommand(
                issue, command, Number(text, fields, 2), Number(text, fields, 3), Number(text, fields, 4), Number(text, fields, 5), Number(text, fields, 6), Number(text, fields, 7))
            : throw Fault($"'{name}' is not a command; {NearestWord.Suggest(name.ToString(), Commands.Keys)}");
    }

    private int Number(ReadOnlySpan<char> text, ReadOnlySpan<Range> fields, int column)
    {
        ReadOnlySpan<char> field = text[fields[column]];
        return int.TryParse(field, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= -1
            ? number
            : throw Fault($"{Columns[column]} '{field}' is not a whole number from 0 to {int.MaxValue}, or -1 for none");
    }

    private string? ReadLine()
    {
        try
        {
            _line++;
            return _reader.ReadLine();
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            throw new PimSimUserException($"{_path}:{_line}: cannot be read: {fault.Message}", fault);
        }
    }

    private PimSimUserException Fault(string message) => new($"{_path}:{_line}: {message}");
}
