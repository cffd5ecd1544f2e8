using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Importers;

/// <summary>Valid files cut short and changed at random: each is still read, or refused by one clear error, and nothing else happens.</summary>
public sealed class DamagedFileTests(ITestOutputHelper output) : IDisposable
{
    private static readonly byte[] Likely = [.. "\"\\{}[],:.-+eE019 \n\r\tuX"u8, 0, 0x1F, 0x8B, 0xC3, 0xED, 0xFF];

    private readonly TemporaryFiles _files = new();

    public static TheoryData<ImportFormat> Formats => [.. Enum.GetValues<ImportFormat>()];

    public void Dispose() => _files.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_damaged_file_is_read_or_refused_and_never_crashes(ImportFormat format)
    {
        byte[] valid = SampleFiles.All().Single(file => file.Format == format).Content;
        Random random = new(17 + (int)format);
        (int read, int refused) = (0, 0);
        for (int i = 0; i < 1500; i++)
        {
            byte[] damaged = Damage(valid, random);
            _ = Survives(i % 3 == 0 ? TemporaryFiles.Gzip(damaged) : damaged, i % 2 == 0 ? format : null) ? read++ : refused++;
        }

        output.WriteLine($"{format}: {read} read, {refused} refused");
        Assert.True(read > 0 && refused > 100, $"{read} read, {refused} refused: the damage tests nothing");
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_cut_of_a_file_is_survived(ImportFormat format)
    {
        byte[] valid = SampleFiles.All().Single(file => file.Format == format).Content;
        int step = Math.Max(1, valid.Length / 500);
        for (int length = 0; length < valid.Length; length += step)
        {
            Survives(valid[..length], format);
            Survives(valid[..length], null);
        }
    }

    [Fact]
    public void Damaged_gzip_data_is_refused()
    {
        byte[] valid = TemporaryFiles.Gzip(SampleFiles.All().First().Content);
        Random random = new(23);
        int refused = 0;
        for (int i = 0; i < 500; i++)
        {
            refused += Survives(Damage(valid, random), ImportFormat.Kineto) ? 0 : 1;
        }

        // A few bits of the header (its time stamp, its flags for text) mean nothing.
        Assert.InRange(refused, 450, 500);
    }

    [Theory]
    [InlineData("triton_example/triton_example.json.gz")]
    [InlineData("amd_trace/mi250_minitoy_train_ROCm6_2_kineto.json.gz")]
    public void Damaged_real_traces_are_survived(string name)
    {
        byte[] compressed = File.ReadAllBytes(SharedData.Require($"realgpu/kineto-hta/{name}"));
        using System.IO.Compression.GZipStream stream = new(new MemoryStream(compressed), System.IO.Compression.CompressionMode.Decompress);
        using MemoryStream expanded = new();
        stream.CopyTo(expanded);
        Random random = new(29);
        for (int i = 0; i < 300; i++)
        {
            Survives(Damage(expanded.ToArray(), random), null);
        }
    }

    private static byte[] Damage(byte[] valid, Random random)
    {
        List<byte> bytes = [.. valid];
        for (int change = random.Next(1, 4); change > 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 20)));
                    break;
                case 2:
                    bytes.Insert(at, Likely[random.Next(Likely.Length)]);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, random.Next(1, 60))));
                    break;
                case 4:
                    bytes[at] = (byte)random.Next(256);
                    break;
                default:
                    bytes[at] = Likely[random.Next(Likely.Length)];
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>True if the file was read to its end; false if it was refused as it should be.</summary>
    private bool Survives(byte[] content, ImportFormat? format)
    {
        string path = _files.Write(content);
        try
        {
            ImportedTrace imported = TraceImport.Open(path, format);
            SampleFiles.Consume(imported);

            // Whatever was believed must pass the rules of trace files, whose breach would be a bug of ours.
            if (imported is IStepSource source)
            {
                TraceFile.Write(path + ".jsonl", SampleFiles.Header(source), source.Steps());
            }

            return true;
        }
        catch (PimSimUserException refusal)
        {
            Assert.StartsWith(path, refusal.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refusal.Message);
            return false;
        }
        finally
        {
            File.Delete(path);
            File.Delete(path + ".jsonl");
        }
    }
}
