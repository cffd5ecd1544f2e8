using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Traces.Format.Tests.Documents;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_new_file_and_its_folders_are_made()
    {
        string path = Path.Combine(_folder, "a", "b.txt");
        AtomicFile.WriteText(path, "é");
        Assert.Equal([0xC3, 0xA9], File.ReadAllBytes(path));
    }

    [Fact]
    public void The_old_file_stays_when_the_writer_throws()
    {
        string path = Path.Combine(_folder, "kept.txt");
        AtomicFile.WriteText(path, "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte((byte)'n');
            stream.Flush();
            throw new InvalidOperationException("the writer fails half-way");
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void The_old_file_is_whole_until_the_writer_is_done()
    {
        string path = Path.Combine(_folder, "seen.txt");
        AtomicFile.WriteText(path, "old");
        AtomicFile.Write(path, stream =>
        {
            stream.WriteByte((byte)'n');
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(path));
        });
        Assert.Equal("n", File.ReadAllText(path));
    }

    [Fact]
    public void Two_writers_of_one_file_do_not_mix()
    {
        string path = Path.Combine(_folder, "raced.txt");
        AtomicFile.Write(path, outer =>
        {
            outer.WriteByte((byte)'o');
            AtomicFile.WriteText(path, "inner");
        });
        Assert.Equal("o", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_a_user_error_that_names_it()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "not a folder");
        foreach (string path in new[] { Path.Combine(file, "below.txt"), Path.Combine(file, "deeper", "below.txt"), _folder })
        {
            PimSimUserException fault = Assert.Throws<PimSimUserException>(() => AtomicFile.WriteText(path, "x"));
            Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
        }

        Assert.Throws<PimSimUserException>(() => AtomicFile.WriteText("", "x"));
        Assert.Equal([file], Directory.GetFiles(_folder));
    }
}
