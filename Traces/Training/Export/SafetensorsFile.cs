using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Training.Export;

/// <summary>A tensor of a file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions, the slowest first.</param>
/// <param name="Values">Its elements.</param>
internal sealed record ExportedTensor(string Name, int[] Shape, ReadOnlyMemory<float> Values);

/// <summary>Writes tensors as bfloat16 in the safetensors format: length of the header, header in JSON, elements.</summary>
internal static class SafetensorsFile
{
    /// <summary>Writes the whole file or nothing.</summary>
    /// <exception cref="PimSimUserException">It cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<ExportedTensor> tensors, IReadOnlyDictionary<string, string> metadata) =>
        AtomicFile.Write(path, stream =>
        {
            byte[] header = Header(tensors, metadata);
            Span<byte> length = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (ExportedTensor tensor in tensors)
            {
                byte[] bytes = new byte[tensor.Values.Length * sizeof(ushort)];
                for (int i = 0; i < tensor.Values.Length; i++)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * sizeof(ushort)), BFloat16Rounding.ToBits(tensor.Values.Span[i]));
                }

                stream.Write(bytes);
            }
        });

    private static byte[] Header(IReadOnlyList<ExportedTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach ((string key, string value) in metadata)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            long offset = 0;
            foreach (ExportedTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", "BF16");
                json.WriteStartArray("shape");
                foreach (int dimension in tensor.Shape)
                {
                    json.WriteNumberValue(dimension);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                offset += tensor.Values.Length * sizeof(ushort);
                json.WriteNumberValue(offset);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces after the header, so that the elements begin at a multiple of 8.
        int padding = -(int)buffer.Length & 7;
        buffer.Write(Encoding.ASCII.GetBytes(new string(' ', padding)));
        return buffer.ToArray();
    }
}
