using System.Text;
using CsCheck;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Reading;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers.Reading;

public sealed class ImportStreamTests : IDisposable
{
    private readonly TemporaryFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Plain_and_gzip_files_give_the_same_bytes_without_a_byte_order_mark() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Bool, Gen.Int[1, 50]).Sample((bytes, bom, block) =>
        {
            byte[] content = bom ? [0xEF, 0xBB, 0xBF, .. bytes] : bytes;
            bool looksLikeGzip = content is [0x1F, 0x8B, ..];
            bool marked = content is [0xEF, 0xBB, 0xBF, ..];
            byte[] expected = marked ? content[3..] : content;
            using TemporaryFiles files = new();
            if (!looksLikeGzip)
            {
                Assert.Equal(expected, ReadAll(files.Write(content), block));
            }

            Assert.Equal(expected, ReadAll(files.WriteGzip(content), block));
        });

    [Fact]
    public void A_gzip_bomb_is_refused_before_it_is_expanded()
    {
        string path = _files.WriteGzip(new byte[8 << 20]);
        ImportLimits limits = new() { ExpansionFloorBytes = 1 << 20 };
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => ReadAll(path, 65536, limits));
        Assert.Contains("expands from", fault.Message, StringComparison.Ordinal);
        Assert.Contains("200 times the file", fault.Message, StringComparison.Ordinal);
        Assert.Equal(8 << 20, ReadAll(path, 65536).Length);
    }

    [Fact]
    public void An_absolute_limit_holds_whatever_the_ratio()
    {
        byte[] noise = new byte[1 << 20];
        new Random(1).NextBytes(noise);
        string path = _files.WriteGzip(noise);
        Assert.Throws<PimSimUserException>(() => ReadAll(path, 65536, new ImportLimits { MaximumExpandedBytes = 1 << 19 }));
        Assert.Equal(noise, ReadAll(path, 65536));
    }

    [Fact]
    public void Gzip_data_cut_short_anywhere_is_never_taken_for_its_end()
    {
        byte[] whole = TemporaryFiles.Gzip(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 500).Select(i => $"{i},{i * i}\n"))));
        for (int length = 2; length < whole.Length; length++)
        {
            string path = _files.Write(whole[..length]);
            PimSimUserException fault = Assert.Throws<PimSimUserException>(() => ReadAll(path, 64));
            Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_missing_file_a_folder_and_a_bad_name_are_one_clear_error()
    {
        Assert.Contains("there is no such file", Assert.Throws<PimSimUserException>(() => ReadAll("/nowhere/at.all", 1)).Message, StringComparison.Ordinal);
        Assert.Throws<PimSimUserException>(() => ReadAll(Path.GetTempPath(), 1));
        Assert.Throws<PimSimUserException>(() => ReadAll("", 1));
        Assert.Throws<PimSimUserException>(() => ReadAll("a\0b", 1));
    }

    private static byte[] ReadAll(string path, int block, ImportLimits? limits = null)
    {
        using ImportStream stream = ImportStream.Open(path, limits ?? ImportLimits.Default);
        using MemoryStream result = new();
        byte[] buffer = new byte[block];
        while (stream.Read(buffer) is > 0 and int count)
        {
            result.Write(buffer, 0, count);
        }

        return result.ToArray();
    }
}
