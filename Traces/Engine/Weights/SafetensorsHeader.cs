using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Weights;

/// <summary>The JSON header of a safetensors file, read and held to the file's length.</summary>
internal sealed class SafetensorsHeader
{
    private static readonly FrozenDictionary<string, int> BytesOfType = new Dictionary<string, int>
    {
        ["F64"] = 8,
        ["F32"] = 4,
        ["F16"] = 2,
        ["BF16"] = 2,
        ["F8_E4M3"] = 1,
        ["F8_E5M2"] = 1,
        ["I64"] = 8,
        ["I32"] = 4,
        ["I16"] = 2,
        ["I8"] = 1,
        ["U64"] = 8,
        ["U32"] = 4,
        ["U16"] = 2,
        ["U8"] = 1,
        ["BOOL"] = 1,
    }.ToFrozenDictionary();

    private readonly SafetensorsFile _file;
    private readonly long _dataStart;
    private readonly long _fileLength;

    /// <summary>A header that ends where the data start.</summary>
    public SafetensorsHeader(SafetensorsFile file, long dataStart, long fileLength) =>
        (_file, _dataStart, _fileLength) = (file, dataStart, fileLength);

    /// <summary>All tensors, in the order of their bytes.</summary>
    public List<SafetensorsTensor> Read(ReadOnlySpan<byte> json)
    {
        List<SafetensorsTensor> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        Utf8JsonReader reader = new(json);
        try
        {
            reader.Read();
            Expect(ref reader, JsonTokenType.StartObject, "an object of tensors");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                if (!names.Add(name))
                {
                    throw Fault(ref reader, $"tensor '{name}' stands twice");
                }

                if (name == "__metadata__")
                {
                    reader.Read();
                    Expect(ref reader, JsonTokenType.StartObject, "an object of texts");
                    reader.Skip();
                }
                else
                {
                    tensors.Add(ReadTensor(ref reader, name));
                }
            }

            // Reads on over the padding, so that anything else behind the object is found.
            reader.Read();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new PimSimUserException($"{_file.Path}: byte {8 + reader.BytesConsumed}: the header is not valid JSON: {fault.Message}", fault);
        }

        CheckCover(tensors);
        return tensors;
    }

    private SafetensorsTensor ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string? type = null;
        ImmutableArray<long> shape = default;
        ImmutableArray<long> offsets = default;
        reader.Read();
        Expect(ref reader, JsonTokenType.StartObject, $"an object with dtype, shape and data_offsets for tensor '{name}'");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "dtype":
                    Expect(ref reader, JsonTokenType.String, $"a text as dtype of tensor '{name}'");
                    type = reader.GetString();
                    break;
                case "shape":
                    shape = ReadNumbers(ref reader, $"shape of tensor '{name}'");
                    break;
                case "data_offsets":
                    offsets = ReadNumbers(ref reader, $"data_offsets of tensor '{name}'");
                    break;
                default:
                    throw Fault(ref reader, $"tensor '{name}' has an unknown key '{key}'; dtype, shape and data_offsets are allowed");
            }
        }

        if (type is null || shape.IsDefault || offsets.IsDefault)
        {
            string missing = type is null ? "dtype" : shape.IsDefault ? "shape" : "data_offsets";
            throw Fault(ref reader, $"tensor '{name}' has no {missing}");
        }

        if (!BytesOfType.TryGetValue(type, out int elementBytes))
        {
            throw Fault(ref reader, $"tensor '{name}' has the unknown type '{type}'; {NearestWord.Suggest(type, BytesOfType.Keys)}");
        }

        return Place(ref reader, name, type, elementBytes, shape, offsets);
    }

    private SafetensorsTensor Place(ref Utf8JsonReader reader, string name, string type, int elementBytes, ImmutableArray<long> shape, ImmutableArray<long> offsets)
    {
        long dataBytes = _fileLength - _dataStart;
        if (offsets.Length != 2 || offsets[1] < offsets[0])
        {
            throw Fault(ref reader, $"data_offsets of tensor '{name}' are [{string.Join(", ", offsets)}]; first byte and end are needed");
        }

        if (offsets[1] > dataBytes)
        {
            throw new PimSimUserException(
                $"{_file.Path}: tensor '{name}' ends at byte {offsets[1]} of the data, but the file holds {dataBytes}: it is truncated, or its header is damaged");
        }

        UInt128 needed = (UInt128)elementBytes;
        foreach (long dimension in shape)
        {
            // Beyond the file's length nothing fits, and a further factor could overflow.
            needed = needed > (UInt128)_fileLength && dimension > 0 ? needed : needed * (UInt128)dimension;
        }

        long length = offsets[1] - offsets[0];
        return needed == (UInt128)length
            ? new SafetensorsTensor(_file, name, type, shape, _dataStart + offsets[0], length)
            : throw Fault(ref reader, $"tensor '{name}' of type {type} and shape [{string.Join(", ", shape)}] does not have the {length} bytes that its data_offsets span");
    }

    /// <summary>Sorts the tensors by place and refuses overlaps, gaps and a rest.</summary>
    private void CheckCover(List<SafetensorsTensor> tensors)
    {
        tensors.Sort((a, b) => (a.Offset, a.Length).CompareTo((b.Offset, b.Length)));
        long end = _dataStart;
        string before = "the header";
        foreach (SafetensorsTensor tensor in tensors)
        {
            if (tensor.Offset != end)
            {
                string problem = tensor.Offset < end ? "overlap" : $"leave {tensor.Offset - end} bytes between them";
                throw new PimSimUserException($"{_file.Path}: {before} and tensor '{tensor.Name}' {problem}; every byte of the data must belong to one tensor");
            }

            end += tensor.Length;
            before = $"tensor '{tensor.Name}'";
        }

        if (end != _fileLength)
        {
            throw new PimSimUserException($"{_file.Path}: {_fileLength - end} bytes follow {before}; every byte of the data must belong to one tensor");
        }
    }

    private ImmutableArray<long> ReadNumbers(ref Utf8JsonReader reader, string what)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"a list of numbers as {what}");
        ImmutableArray<long>.Builder numbers = ImmutableArray.CreateBuilder<long>(2);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw Fault(ref reader, $"the {what} needs whole numbers, 0 or more");
            }

            numbers.Add(number);
        }

        return numbers.DrainToImmutable();
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (reader.TokenType != type)
        {
            throw Fault(ref reader, $"{what} is needed here");
        }
    }

    private PimSimUserException Fault(ref Utf8JsonReader reader, string message) =>
        new($"{_file.Path}: byte {8 + reader.TokenStartIndex}: {message}");
}
