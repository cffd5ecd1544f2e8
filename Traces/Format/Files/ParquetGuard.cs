using System.Buffers.Binary;
using Parquet.Meta;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Files;

/// <summary>What is made sure of before the Parquet library reads any part of a file: that its structures end, and what they ask to unpack.</summary>
internal static class ParquetGuard
{
    // Magic at both ends, and the length of the footer before the last.
    private const int MagicBytes = 4;
    private const int TailBytes = 8;
    private const int MostFooterBytes = 1 << 26;
    private const int MostPageHeaderBytes = 1 << 16;

    // Fields of PageHeader by parquet.thrift.
    private const int UncompressedPageSize = 2;
    private const int CompressedPageSize = 3;
    private const int PageFields = 4;

    /// <summary>Checks both ends and the footer.</summary>
    /// <exception cref="PimSimUserException">Not a Parquet file, or one made to harm.</exception>
    public static void CheckFooter(Stream stream, string file)
    {
        Span<byte> head = stackalloc byte[MagicBytes];
        Span<byte> tail = stackalloc byte[TailBytes];
        if (stream.Length < MagicBytes + TailBytes || !TryRead(stream, 0, head) || !TryRead(stream, stream.Length - TailBytes, tail)
            || !head.SequenceEqual("PAR1"u8) || !tail[MagicBytes..].SequenceEqual("PAR1"u8))
        {
            throw new PimSimUserException($"{file}: not a Parquet file, or one that was cut: it does not begin and end with PAR1");
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length < 1 || length > stream.Length - MagicBytes - TailBytes || length > MostFooterBytes)
        {
            throw new PimSimUserException($"{file}: not a valid Parquet file: a footer of {length} bytes in a file of {stream.Length}");
        }

        byte[] footer = new byte[length];
        if (!TryRead(stream, stream.Length - TailBytes - length, footer) || ThriftStructure.Length(footer, []) < 0)
        {
            throw new PimSimUserException($"{file}: not a valid Parquet file: its footer is broken");
        }

        stream.Position = 0;
    }

    /// <summary>Checks the pages of a column of a row group.</summary>
    /// <exception cref="PimSimUserException">They do not fill the column, or unpack to more than any trace's.</exception>
    public static void CheckPages(Stream stream, ColumnMetaData column, string place)
    {
        long start = Math.Min(column.DataPageOffset, column.DictionaryPageOffset is > 0 and { } dictionary ? dictionary : long.MaxValue);
        if (start < 0 || column.TotalCompressedSize < 0 || column.TotalCompressedSize > stream.Length - start)
        {
            throw new PimSimUserException($"{place} lies outside of the file");
        }

        byte[] buffer = new byte[MostPageHeaderBytes];
        Span<long> fields = stackalloc long[PageFields];
        long unpacked = 0;
        for (long at = start; at < start + column.TotalCompressedSize;)
        {
            Span<byte> window = buffer.AsSpan(0, (int)Math.Min(buffer.Length, start + column.TotalCompressedSize - at));
            fields.Fill(-1);
            int header = TryRead(stream, at, window) ? ThriftStructure.Length(window, fields) : -1;
            if (header < 0 || fields[CompressedPageSize] < 0 || fields[UncompressedPageSize] < 0)
            {
                throw new PimSimUserException($"{place}: not a valid Parquet file: the header of a page is broken");
            }

            unpacked += fields[UncompressedPageSize];
            at += header + fields[CompressedPageSize];
            if (unpacked > TraceLimits.ColumnBytes || at > start + column.TotalCompressedSize)
            {
                throw new PimSimUserException($"{place}: its pages are larger than they may be ({unpacked} bytes unpacked; {TraceLimits.ColumnBytes} is the most)");
            }
        }
    }

    private static bool TryRead(Stream stream, long position, Span<byte> bytes)
    {
        stream.Position = position;
        return stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length;
    }
}
