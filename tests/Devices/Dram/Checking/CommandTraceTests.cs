using System.IO.Compression;
using System.Text;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Checking;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Checking;

public sealed class CommandTraceTests : IDisposable
{
    private const string Header = "cycle,cmd,channel,rank,bankgroup,bank,row,col";

    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [Theory]
    [InlineData("activate", DramCommand.ACT)]
    [InlineData("precharge", DramCommand.PRE)]
    [InlineData("PREPB", DramCommand.PRE)]
    [InlineData("PREab", DramCommand.PREA)]
    [InlineData("read", DramCommand.RD)]
    [InlineData("read_p", DramCommand.RDA)]
    [InlineData("write", DramCommand.WR)]
    [InlineData("write_p", DramCommand.WRA)]
    [InlineData("refresh", DramCommand.REFab)]
    [InlineData("REFAB", DramCommand.REFab)]
    [InlineData("REFsb", DramCommand.REFsb)]
    [InlineData("MACAB", DramCommand.MACAB)]
    public void Spellings_of_other_simulators_are_known(string name, DramCommand command)
    {
        TracedCommand read = Assert.Single(Read($"{Header}\n12,{name},1,2,3,4,5,6\n"));
        Assert.Equal(new TracedCommand(12, command, 1, 2, 3, 4, 5, 6), read);
    }

    [Fact]
    public void Blank_lines_carriage_returns_and_pseudo_channels_are_read()
    {
        List<TracedCommand> read = Read($"{Header.Replace("rank", "pseudochannel", StringComparison.Ordinal)}\r\n\r\n3, REFab ,-1,0,-1,-1,-1,-1\r\n");
        Assert.Equal(new TracedCommand(3, DramCommand.REFab, -1, 0, -1, -1, -1, -1), Assert.Single(read));
    }

    [Fact]
    public void A_compressed_trace_is_read()
    {
        using (GZipStream stream = new(File.Create(_path), CompressionLevel.Fastest))
        {
            stream.Write(Encoding.UTF8.GetBytes($"{Header}\n0,ACT,0,0,0,0,0,0\n1,ACT,0,1,0,0,0,0\n"));
        }

        Assert.Equal(2, CommandTraceCheck.Run(_path, Specifications.Ddr4(ranks: 2)).Commands);
    }

    [Theory]
    [InlineData("", ":1: the first line must be")]
    [InlineData("cycle,cmd\n", ":1: the first line must be")]
    [InlineData(Header + "\n0,ACT,0,0,0,0,0,0\nx,ACT,0,0,0,0,0,0\n", ":3: cycle 'x' is not a whole number")]
    [InlineData(Header + "\n-1,ACT,0,0,0,0,0,0\n", ":2: cycle '-1'")]
    [InlineData(Header + "\n0,ACTT,0,0,0,0,0,0\n", ":2: 'ACTT' is not a command; did you mean 'ACT'?")]
    [InlineData(Header + "\n0,ACT,0,0,0,0,0\n", ":2: there are fewer than the 8 fields")]
    [InlineData(Header + "\n0,ACT,0,0,0,0,0,0,0\n", ":2: there are more than the 8 fields")]
    [InlineData(Header + "\n0,ACT,0,0,0,0,1.5,0\n", ":2: row '1.5' is not a whole number")]
    [InlineData(Header + "\n0,ACT,0,0,0,-2,0,0\n", ":2: bank '-2'")]
    public void A_fault_is_named_with_its_line(string text, string message)
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => Read(text));
        Assert.StartsWith(_path + message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_or_missing_file_is_a_user_error()
    {
        Assert.Throws<PimSimUserException>(() => new CommandTraceReader(_path));
        using (MemoryStream whole = new())
        {
            using (GZipStream stream = new(whole, CompressionLevel.Fastest, leaveOpen: true))
            {
                stream.Write(Encoding.UTF8.GetBytes($"{Header}\n0,ACT,0,0,0,0,0,0\n"));
            }

            byte[] bytes = whole.ToArray();
            bytes[^10] ^= 0xff;
            File.WriteAllBytes(_path, bytes);
        }

        Assert.Throws<PimSimUserException>(() => CommandTraceCheck.Run(_path, Specifications.Ddr4(ranks: 2)));
    }

    [Fact]
    public void Channels_are_checked_apart_and_reported_together()
    {
        File.WriteAllText(_path, $"{Header}\n0,ACT,0,0,0,0,5,0\n0,ACT,1,0,0,0,5,0\n16,RD,1,0,0,0,5,0\n9400,PREab,0,0,0,0,99,0\n9420,refresh,-1,0,-1,-1,-1,-1\n");
        CommandTraceReport report = CommandTraceCheck.Run(_path, Specifications.Ddr4(ranks: 1));
        Assert.Equal((5, 2, 9420, 1, 1), (report.Commands, report.Channels, report.LastCycle, report.RefreshesIssued, report.RefreshesExpected));
        Assert.StartsWith("channel 1, cycle 16: RD to rank 0", Assert.Single(report.Violations.Texts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ACT,0,2,0,0,0,0")]
    [InlineData("ACT,0,0,4,0,0,0")]
    [InlineData("ACT,0,0,0,4,0,0")]
    [InlineData("REFab,0,-1,0,0,0,0")]
    public void Coordinates_outside_the_memory_are_violations(string command)
    {
        File.WriteAllText(_path, $"{Header}\n0,{command}\n");
        CommandTraceReport report = CommandTraceCheck.Run(_path, Specifications.Ddr4(ranks: 2));
        Assert.Equal(1, report.Violations.ByRule["range"]);
        Assert.Equal(1, report.Violations.Count);
    }

    public void Dispose() => File.Delete(_path);

    private List<TracedCommand> Read(string text)
    {
        File.WriteAllText(_path, text);
        using CommandTraceReader reader = new(_path);
        List<TracedCommand> commands = [];
        while (reader.Read(out TracedCommand command))
        {
            commands.Add(command);
        }

        return commands;
    }
}
