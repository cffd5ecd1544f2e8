using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Mapping;
using PimSim.Devices.Dram.Requests;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram;

public class RequestFileTests
{
    public static TheoryData<RequestFormat> Formats => new(TraceText.Formats);

    [Theory]
    [MemberData(nameof(Formats))]
    public void Requests_come_back_as_written_in_any_spelling_and_through_any_buffer(RequestFormat format) =>
        Gen.Select(TraceText.Requests(format), Gen.Int[0, 255].Array[60], Gen.Int[100, 300], Gen.Int[1, 70], Gen.Int[0, 7]).Sample((requests, spellings, buffer, batch, extras) =>
        {
            List<string> lines = [.. requests.Select(request => TraceText.Line(format, request, spellings[request.Id]))];
            lines.Insert(spellings[0] % lines.Count, (spellings[1] & 3) switch { 0 => "# a comment", 1 => " \t\r", _ => "" });
            string text = ((extras & 1) == 0 ? "" : "\n#\r\n") + TraceText.Header(format) + string.Join("\n", lines) + ((extras & 2) == 0 ? "\n" : "");
            Assert.Equal(requests, TraceText.Read(text, buffer, batch, (extras & 4) == 0 ? null : format));
        });

    [Theory]
    [MemberData(nameof(Formats))]
    public void Gzip_reads_as_plain(RequestFormat format) => TraceText.Requests(format).Sample(requests =>
    {
        string text = TraceText.Header(format) + string.Concat(requests.Select(request => TraceText.Line(format, request, 0) + "\n"));
        Assert.Equal(requests, TraceText.Read(text, 100, gzip: true));
    });

    /// <summary>A fault is found exactly where the careful reading finds it, and never without a reason.</summary>
    [Theory]
    [MemberData(nameof(Formats))]
    public void A_damaged_line_is_read_or_refused_with_its_number_and_a_reason(RequestFormat format) =>
        Gen.Select(TraceText.Requests(format), Gen.Int[0, 255], Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Char["0123456789abcdefxLDSTRW ,#-\t\r_é"]).Sample((requests, spelling, which, where, inserted) =>
        {
            string[] lines = [.. requests.Select(request => TraceText.Line(format, request, spelling))];
            int damaged = which % lines.Length;
            string line = lines[damaged];
            int at = where % line.Length;
            lines[damaged] = (where & 1) == 0 ? line.Remove(at, 1) : line[..at] + inserted + line[(at + (where >> 1 & 1))..];
            string text = TraceText.Header(format) + string.Join("\n", lines) + "\n";
            try
            {
                DramRequest[] read = TraceText.Read(text, 128, format: format);
                Assert.InRange(read.Length, requests.Length - 1, requests.Length);
                Assert.Equal(requests[..damaged], read[..damaged]);
            }
            catch (PimSimUserException fault)
            {
                // A number may be damaged so that only the next line contradicts it.
                int number = damaged + 1 + (format == RequestFormat.Coordinates ? 1 : 0);
                Assert.True(fault.Message.StartsWith($"t:{number}: ", StringComparison.Ordinal) || fault.Message.StartsWith($"t:{number + 1}: ", StringComparison.Ordinal) || requests.Length == 1, fault.Message);
            }
        });

    [Theory]
    [InlineData("0x40 READ 5\n0x80 READ\n", "t:2: '0x80 READ' is cut short; an address, READ or WRITE and a cycle, such as '0x7f40 READ 120', would be right")]
    [InlineData("0x40 READ 5\n\n# c\n0x80 READ 6 7", "t:4: '0x80 READ 6 7' is too long; an address, READ or WRITE and a cycle, such as '0x7f40 READ 120', would be right")]
    [InlineData("0x40 RAED 5\n", "t:1: 'RAED' is no operation; did you mean 'READ'?")]
    [InlineData("0x4g READ 5\n", "t:1: '0x4g' is no hexadecimal address; 0x7f40 would be")]
    [InlineData("0x0000000000000000040 READ 5\n", "t:1: '0x0000000000000000040' has more than 16 hexadecimal digits")]
    [InlineData("0x3e7ffff READ 5\n0x3e80000 READ 5\n", "t:2: address 0x3e80000 lies beyond the memory of 64000 KiB; the last is 0x3e7ffff")]
    [InlineData("0x40 READ five\n", "t:1: 'five' is no cycle; a whole number would be")]
    [InlineData("0x40 READ -5\n", "t:1: '-5' is no cycle; a whole number would be")]
    [InlineData("0x40 READ 1234567890123456789\n", "t:1: cycle '1234567890123456789' has more than 18 digits")]
    [InlineData("0x40 READ 5\r\n0x40 READ 4\r\n", "t:2: cycle 4 comes after cycle 5; requests are listed in the order in which they arrive")]
    [InlineData("LD 0x40\nLD\n", "t:2: 'LD' is cut short; an operation and an address, such as 'LD 0x7f40', would be right")]
    [InlineData("LD 0x40\nLOAD 0x40\n", "t:2: 'LOAD' is no operation; LD and ST are")]
    [InlineData("LD 7f40\n", "t:1: '7f40' is no address; a whole number would be")]
    [InlineData("ST 65536000\n", "t:1: address 65536000 lies beyond the memory of 64000 KiB; the last is 0x3e7ffff")]
    [InlineData("R 0,1,1,3,1,999\n", "t:1: '0,1,1,3,1,999' has 6 numbers; the memory has 7 levels: channel,pseudo-channel,rank,bank group,bank,row,column")]
    [InlineData("R 0,1,1,3,1,999,31\nW 2,1,1,3,1,999,31\n", "t:2: channel 2 is out of range; the memory has 0 to 1")]
    [InlineData("R 0,1,1,3,1,1000,31\n", "t:1: row 1000 is out of range; the memory has 0 to 999")]
    [InlineData("R 0,2,1,3,1,0,31\n", "t:1: pseudo-channel 2 is out of range; the memory has 0 to 1")]
    [InlineData("R 0,1,1,4,1,0,31\n", "t:1: bank group 4 is out of range; the memory has 0 to 3")]
    [InlineData("R 0,1,1,3,1,0,32\n", "t:1: column 32 is out of range; the memory has 0 to 31")]
    [InlineData("R 0,1,,3,1,0,31\n", "t:1: '' is no rank; a whole number would be")]
    [InlineData("R\n", "t:1: 'R' is cut short; an operation and a number for each level, such as 'R 0,0,1,2,100,64', would be right")]
    [InlineData("W 0,1,1,3,1,0,31\nX 0,1,1,3,1,0,31\n", "t:2: 'X' is no operation; R and W are")]
    [InlineData("id,arrival,op,rank,bankgroup,bank,row,col\n0,0,R,0,0,0,0,0\n1,0,X,0,0,0,0,0\n", "t:3: 'X' is no operation; R and W are")]
    [InlineData("id,arrival,op,rank,bankgroup,bank,row,col\n0,0,R,4,0,0,0,0\n", "t:2: rank 4 is out of range; the memory has 0 to 3")]
    [InlineData("id,arrival,op,rank,bankgroup,bank,row,col\n0,0,R,3,0,2,0,0\n", "t:2: bank 2 is out of range; the memory has 0 to 1")]
    [InlineData("id,arrival,op,rank,bankgroup,bank,row,col\n0,0,R,3,0\n", "t:2: '0,0,R,3,0' is cut short; id,arrival,op,rank,bankgroup,bank,row,col would be right")]
    [InlineData("id,arrival,op,rank,bankgroup,bank,row,col\n1,0,R,3,0,0,0,0\n", "t:2: id 1 is not 0; requests are numbered from 0")]
    [InlineData("id,arrival,op,rank,bankgroup,bank,row,col\n0,9,R,3,0,0,0,0\n1,8,R,3,0,0,0,0\n", "t:3: cycle 8 comes after cycle 9; requests are listed in the order in which they arrive")]
    [InlineData("id,arrival,op,channel,rank,bankgroup,bank,row,col\n0,9,R,2,3,0,0,0,0\n", "t:2: channel 2 is out of range; the memory has 0 to 1")]
    [InlineData("id,time,op,rank,bankgroup,bank,row,col\n0,9,R,3,0,0,0,0\n", "t:1: the header 'id,time,op,rank,bankgroup,bank,row,col' is not 'id,arrival,op,rank,bankgroup,bank,row,col', nor the same with 'channel' before 'rank'")]
    [InlineData("read 0x40\n", "t:1: 'read 0x40' is in no known format; '0x7f40 READ 120' (DRAMsim3), 'LD 0x7f40' or 'R 0,0,1,2,100,64' (Ramulator 2) or the header 'id,arrival,op,rank,bankgroup,bank,row,col' would be right")]
    [InlineData("", "t: there is no request in it; a line for each is expected, such as '0x7f40 READ 120' or 'LD 0x7f40'")]
    [InlineData("\n# nothing\n", "t: there is no request in it; a line for each is expected, such as '0x7f40 READ 120' or 'LD 0x7f40'")]
    [InlineData("id,arrival,op,rank,bankgroup,bank,row,col\n", "t: there is no request in it; a line for each is expected, such as '0x7f40 READ 120' or 'LD 0x7f40'")]
    public void Faults_say_where_and_what(string text, string message)
    {
        Assert.Equal(message, Assert.Throws<PimSimUserException>(() => TraceText.Read(text)).Message);
        Assert.Equal(message, Assert.Throws<PimSimUserException>(() => TraceText.Read(text, 90, 1, gzip: true)).Message);
    }

    [Fact]
    public void A_line_longer_than_the_buffer_is_no_request() =>
        Assert.Equal("t:2: the line is longer than 64 bytes, so this is no file of requests", Assert.Throws<PimSimUserException>(() => TraceText.Read("LD 1\nLD " + new string('0', 80), 64)).Message);

    [Fact]
    public void Ranks_and_bank_groups_of_which_there_is_one_may_be_left_out()
    {
        AddressMapping mapping = AddressMapping.Parse("RoBaRaCoCh", new DramOrganization(1, 1, 1, 8, 64, 16, 64, 1), 1);
        DramRequest expected = new(0, 0, 0, 5, 63, 15, true);
        foreach (string numbers in (string[])["0,0,0,5,63,15", "0,0,5,63,15", "0,5,63,15"])
        {
            Assert.Equal([expected], TraceText.Read($"W {numbers}\n", mapping: mapping));
        }

        Assert.Equal("t:1: '5,63,15' has 3 numbers; the memory has 6 levels: channel,rank,bank group,bank,row,column", Assert.Throws<PimSimUserException>(() => TraceText.Read("W 5,63,15\n", mapping: mapping)).Message);
        Assert.Equal("t:1: rank 1 is out of range; the memory has only rank 0", Assert.Throws<PimSimUserException>(() => TraceText.Read("W 0,1,5,63,15\n", mapping: mapping)).Message);
    }

    /// <summary>Cut anywhere, compressed data are a fault and never a shorter trace.</summary>
    [Fact]
    public void A_truncated_archive_is_a_fault()
    {
        byte[] packed = TraceText.Gzip(string.Concat(Enumerable.Range(0, 3000).Select(i => $"0x{i * 64:x} READ {i}\n")));
        Assert.Equal(3000, TraceText.Read(packed).Length);
        for (int length = 2; length < packed.Length; length += length < packed.Length - 12 ? 97 : 1)
        {
            string message = Assert.Throws<PimSimUserException>(() => TraceText.Read(packed[..length])).Message;
            Assert.EndsWith(": the compressed data end early or are damaged", message, StringComparison.Ordinal);
        }

        // Archives can be joined.
        Assert.Equal(3001, TraceText.Read([.. packed, .. TraceText.Gzip("0x0 READ 5000\n")]).Length);
        packed[packed.Length / 2] ^= 0x10;
        Assert.Throws<PimSimUserException>(() => TraceText.Read(packed));
    }

    [Fact]
    public void Reading_allocates_nothing_per_request()
    {
        byte[] bytes = [.. Enumerable.Range(0, 100_000).SelectMany(i => System.Text.Encoding.ASCII.GetBytes($"0x{i * 64:x} READ {i}\r\n"))];
        using IRequestSource source = RequestFile.Open(new MemoryStream(bytes), "t", TraceText.Mapping, null, 4096);
        DramRequest[] requests = new DramRequest[100];
        int count = source.Read(requests);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int read = source.Read(requests); read > 0; read = source.Read(requests))
        {
            count += read;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(100_000, count);
    }

    [Fact]
    public void Files_are_opened_by_path_and_a_missing_one_is_named()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, "﻿LD 0x40\nST 64");
        using (IRequestSource source = RequestFile.Open(path, TraceText.Mapping))
        {
            Assert.Equal([false, true], TraceText.ReadAll(source).Select(request => request.IsWrite));
        }

        File.Delete(path);
        Assert.StartsWith($"{path}: cannot be read: ", Assert.Throws<PimSimUserException>(() => RequestFile.Open(path, TraceText.Mapping)).Message, StringComparison.Ordinal);
        Assert.Throws<PimSimUserException>(() => RequestFile.Open(Path.GetTempPath(), TraceText.Mapping));
    }

    [Fact]
    public void Formats_are_named()
    {
        Assert.Equal(TraceText.Formats, TraceText.Formats.Select(format => RequestFormats.Parse(format.Name().ToUpperInvariant())));
        Assert.Equal("'dramsim' is no format of requests; did you mean 'dramsim3'?", Assert.Throws<PimSimUserException>(() => RequestFormats.Parse("dramsim")).Message);
    }
}
