using System.Text;
using CsCheck;
using PimSim.Traces.Engine.Tests.HuggingFace;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Weights;

public class SafetensorsFileTests
{
    private static readonly Gen<Dictionary<string, TinyTensor>> AnyTensors =
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 6]).Select((seed, count) =>
        {
            Random random = new(seed);
            Dictionary<string, TinyTensor> tensors = [];
            for (int index = 0; index < count; index++)
            {
                int[] dimensions = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(0, 6))];
                tensors[$"tensor.{index}"] = TinyTensor.Random(random, (DataType)random.Next(3), 1, 0, dimensions);
            }

            return tensors;
        });

    [Fact]
    public void What_was_written_is_read() => AnyTensors.Sample(
        tensors =>
        {
            using TemporaryFolder folder = new();
            TinyTensor.WriteFile(folder.File("a.safetensors"), tensors);
            using SafetensorsFile file = SafetensorsFile.Open(folder.File("a.safetensors"));
            Assert.Equal(tensors.Keys.Order(), file.Tensors.Keys.Order());
            foreach ((string name, TinyTensor tensor) in tensors)
            {
                SafetensorsTensor read = file.Tensors[name];
                Assert.Equal(tensor.Type, TinyTensor.Name(read.Type!.Value));
                Assert.Equal(tensor.Dimensions.Select(dimension => (long)dimension), read.Dimensions);
                Assert.Equal(tensor.Bytes(), file.Memory.Bytes(read.Offset, (int)read.Length).ToArray());
            }
        },
        iter: 100);

    [Fact]
    public void A_truncated_or_lengthened_file_is_refused() => Gen.Select(AnyTensors, Gen.Int[0, int.MaxValue], Gen.Int[1, 9]).Sample(
        (tensors, cut, more) =>
        {
            using TemporaryFolder folder = new();
            string path = folder.File("a.safetensors");
            TinyTensor.WriteFile(path, tensors);
            byte[] whole = File.ReadAllBytes(path);
            File.WriteAllBytes(path, whole[..(cut % whole.Length)]);
            Refused(path);
            File.WriteAllBytes(path, [.. whole, .. new byte[more]]);
            Assert.Contains($"{more} bytes follow", Refused(path), StringComparison.Ordinal);
        },
        iter: 100);

    [Fact]
    public void A_damaged_header_is_read_as_a_valid_one_or_refused_with_the_name_of_the_file() => Gen.Select(AnyTensors, Gen.Int[0, 1_000_000]).Sample(
        (tensors, seed) =>
        {
            using TemporaryFolder folder = new();
            string path = folder.File("a.safetensors");
            TinyTensor.WriteFile(path, tensors);
            byte[] bytes = File.ReadAllBytes(path);
            Random random = new(seed);
            int end = 8 + (int)BitConverter.ToUInt64(bytes);
            for (int damage = random.Next(1, 4); damage > 0; damage--)
            {
                bytes[random.Next(end)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"0123456789{}[],:\"\\"[random.Next(18)];
            }

            File.WriteAllBytes(path, bytes);
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(path);
                Assert.All(file.Tensors.Values, tensor => Assert.Equal(tensor.Length, file.Memory.Bytes(tensor.Offset, (int)tensor.Length).Length));
            }
            catch (PimSimUserException fault)
            {
                Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
            }
        },
        iter: 1000);

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "tensor 'a' and tensor 'b' overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "tensor 'a' and tensor 'b' leave 4 bytes between them")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "the header and tensor 'a' leave 4 bytes between them")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "tensor 'a' ends at byte 8 of the data, but the file holds 4: it is truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "of type F32 and shape [3] does not have the 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807,4],"data_offsets":[0,8]}}""", 8, "does not have the 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "the shape of tensor 'a' needs whole numbers, 0 or more")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "first byte and end are needed")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", 8, "first byte and end are needed")]
    [InlineData("""{"a":{"dtype":"BF61","shape":[2],"data_offsets":[0,8]}}""", 8, "tensor 'a' has the unknown type 'BF61'; did you mean 'BF16'?")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "tensor 'a' has no data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"strides":[1]}}""", 8, "unknown key 'strides'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}""", 8, "tensor 'a' stands twice")]
    [InlineData("""["a"]""", 0, "an object of tensors is needed here")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} {}""", 8, "not valid JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8""", 8, "not valid JSON")]
    public void A_wrong_header_is_refused_and_says_why(string header, int dataBytes, string message)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.safetensors");
        TinyTensor.WriteFile(path, header, new byte[dataBytes]);
        Assert.Contains(message, Refused(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "the file is empty")]
    [InlineData(7, "7 bytes are no safetensors file")]
    public void A_file_without_a_header_is_refused(int length, string message)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("a.safetensors"), new byte[length]);
        Assert.Contains(message, Refused(folder.File("a.safetensors")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_of_absurd_length_is_refused_before_memory_is_asked_for()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.safetensors");
        File.WriteAllBytes(path, [.. BitConverter.GetBytes(ulong.MaxValue), .. "{}"u8]);
        Assert.Contains("at most 100000000 are allowed", Refused(path), StringComparison.Ordinal);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes(100UL), .. "{}"u8]);
        Assert.Contains("only 2 follow", Refused(path), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_beyond_two_gibibytes_is_read_to_its_end()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.safetensors");
        const long Elements = (1L << 31) + 5;
        byte[] header = Encoding.UTF8.GetBytes($$$"""{"big":{"dtype":"F16","shape":[{{{Elements}}}],"data_offsets":[0,{{{2 * Elements}}}]},"last":{"dtype":"F32","shape":[1],"data_offsets":[{{{2 * Elements}}},{{{(2 * Elements) + 4}}}]}}""");
        using (FileStream stream = File.Create(path))
        {
            stream.Write(BitConverter.GetBytes((ulong)header.Length));
            stream.Write(header);

            // A hole: the file system stores nothing for it.
            stream.Position += 2 * Elements;
            stream.Write(BitConverter.GetBytes(1.5f));
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        SafetensorsTensor last = file.Tensors["last"];
        Assert.Equal(1.5f, BitConverter.ToSingle(file.Memory.Bytes(last.Offset, 4)));
        Assert.Equal(0, file.Memory.Bytes(last.Offset - 1, 1)[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Memory.Bytes(last.Offset, 5).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Memory.Bytes(-1, 1).Length);
    }

    private static string Refused(string path)
    {
        string message = Assert.Throws<PimSimUserException>(() => SafetensorsFile.Open(path)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
