using System.Text;
using CsCheck;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Reading;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers.Reading;

public sealed class CsvReaderTests : IDisposable
{
    private readonly TemporaryFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Whatever_fields_are_written_quoted_are_read_back_with_their_lines() =>
        Gen.Select(Gen.String[Gen.Int[0, 6].Select(i => "a,\"\n\ré "[i]), 0, 8].Array[1, 5].Array[1, 8], Gen.Bool, Gen.Bool, Gen.Bool)
            .Sample((rows, bom, crlf, lastEnd) =>
            {
                StringBuilder text = new(bom ? "\uFEFF" : "");
                List<long> lines = [];
                long line = 1;
                for (int i = 0; i < rows.Length; i++)
                {
                    lines.Add(line);
                    text.AppendJoin(',', rows[i].Select(field => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
                    text.Append(i < rows.Length - 1 || lastEnd ? crlf ? "\r\n" : "\n" : "");
                    line += 1 + rows[i].Sum(field => field.Count(character => character == '\n'));
                }

                using TemporaryFiles files = new();
                using CsvReader reader = new(files.Write(text.ToString()), ImportLimits.Default);
                for (int i = 0; i < rows.Length; i++)
                {
                    // A row of one empty field looks like a blank line.
                    if (rows[i] is [""])
                    {
                        continue;
                    }

                    Assert.True(reader.Read());
                    Assert.Equal(lines[i], reader.Line);
                    Assert.Equal(rows[i], Enumerable.Range(0, reader.Count).Select(field => Encoding.UTF8.GetString(reader.Field(field))));
                }

                Assert.False(reader.Read());
            });

    [Fact]
    public void A_field_longer_than_the_block_that_is_read_at_once_stays_whole()
    {
        string field = new('x', 200_000);
        using CsvReader reader = new(_files.Write($"a,{field}\r\n{field},b"), ImportLimits.Default);
        Assert.True(reader.Read());
        Assert.Equal(200_000, reader.Field(1).Length);
        Assert.True(reader.Read());
        Assert.Equal("b"u8, reader.Field(1));
        Assert.False(reader.Read());
    }

    [Theory]
    [InlineData("a,\"b\nc", ":1: a quoted field starts here and never ends")]
    [InlineData("a,b\nc,\"d\"e\n", ":2: after the closing quote")]
    public void A_quote_that_does_not_close_is_named_with_its_line(string text, string expected)
    {
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() =>
        {
            using CsvReader reader = new(_files.Write(text), ImportLimits.Default);
            while (reader.Read())
            {
            }
        });
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_without_end_is_refused_at_the_limit()
    {
        using CsvReader reader = new(_files.Write(new string('x', 5000)), new ImportLimits { MaximumRecordBytes = 4096 });
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => reader.Read());
        Assert.Contains(":1: the row is longer than 4096 bytes", fault.Message, StringComparison.Ordinal);
    }
}
