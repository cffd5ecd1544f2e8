using System.Buffers;
using System.Text;

namespace PimSim.Traces.Format.Exporters;

/// <summary>
/// A protobuf message on its way out, field by field. Fields with the value that means absence in proto3 (0, false, empty) are left out,
/// as protobuf's own writers do, except where the caller says that the field belongs to a oneof.
/// </summary>
internal sealed class ProtobufMessage
{
    private const int Varint = 0;
    private const int LengthDelimited = 2;

    private readonly ArrayBufferWriter<byte> _buffer = new();

    public ReadOnlySpan<byte> Bytes => _buffer.WrittenSpan;

    public void Clear() => _buffer.ResetWrittenCount();

    /// <summary>An integer, flag or member of an enumeration; negative numbers take ten bytes, as int64 prescribes.</summary>
    public void Number(int field, long value, bool always = false)
    {
        if (value != 0 || always)
        {
            WriteVarint(_buffer, Tag(field, Varint));
            WriteVarint(_buffer, (ulong)value);
        }
    }

    public void Text(int field, string value, bool always = false)
    {
        if (value.Length > 0 || always)
        {
            Write(field, Encoding.UTF8.GetBytes(value));
        }
    }

    public void Message(int field, ProtobufMessage message) => Write(field, message.Bytes);

    /// <summary>A repeated integer, packed.</summary>
    public void Packed(int field, ReadOnlySpan<ulong> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        ArrayBufferWriter<byte> packed = new();
        foreach (ulong value in values)
        {
            WriteVarint(packed, value);
        }

        Write(field, packed.WrittenSpan);
    }

    /// <summary>Writes the message behind its length.</summary>
    public void WriteDelimited(Stream stream)
    {
        ArrayBufferWriter<byte> length = new(10);
        WriteVarint(length, (ulong)Bytes.Length);
        stream.Write(length.WrittenSpan);
        stream.Write(Bytes);
    }

    private static ulong Tag(int field, int wireType) => ((ulong)field << 3) | (uint)wireType;

    private static void WriteVarint(ArrayBufferWriter<byte> buffer, ulong value)
    {
        Span<byte> bytes = buffer.GetSpan(10);
        int count = 0;
        while (value >= 128)
        {
            bytes[count++] = (byte)(value | 128);
            value >>= 7;
        }

        bytes[count++] = (byte)value;
        buffer.Advance(count);
    }

    private void Write(int field, ReadOnlySpan<byte> bytes)
    {
        WriteVarint(_buffer, Tag(field, LengthDelimited));
        WriteVarint(_buffer, (ulong)bytes.Length);
        _buffer.Write(bytes);
    }
}
