using System.Text;
using System.Text.Json.Nodes;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Tests.HuggingFace;

/// <summary>A tensor as a test writes it; its values are ones that the type holds exactly.</summary>
internal sealed record TinyTensor(string Type, int[] Dimensions, float[] Values)
{
    /// <summary>Normally distributed values, rounded to what the type holds.</summary>
    public static TinyTensor Random(Random random, DataType type, double deviation, double mean, params int[] dimensions)
    {
        float[] values = new float[dimensions.Aggregate(1, (product, dimension) => product * dimension)];
        for (int index = 0; index < values.Length; index++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[index] = Round((float)(mean + (deviation * normal)), type);
        }

        return new TinyTensor(Name(type), dimensions, values);
    }

    public float this[int row, int column] => Values[(row * Dimensions[1]) + column];

    public byte[] Bytes() => Type switch
    {
        "F32" => [.. Values.SelectMany(BitConverter.GetBytes)],
        "F16" => [.. Values.SelectMany(value => BitConverter.GetBytes((Half)value))],
        "BF16" => [.. Values.SelectMany(value => BitConverter.GetBytes(value)[2..])],
        _ => [.. Values.Select(value => (byte)value)],
    };

    /// <summary>Writes tensors one after the other as a safetensors file.</summary>
    public static void WriteFile(string path, IEnumerable<KeyValuePair<string, TinyTensor>> tensors)
    {
        JsonObject header = new() { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        using MemoryStream data = new();
        foreach ((string name, TinyTensor tensor) in tensors)
        {
            long begin = data.Length;
            data.Write(tensor.Bytes());
            header[name] = new JsonObject
            {
                ["dtype"] = tensor.Type,
                ["shape"] = new JsonArray([.. tensor.Dimensions.Select(dimension => (JsonNode)dimension)]),
                ["data_offsets"] = new JsonArray(begin, data.Length),
            };
        }

        WriteFile(path, header.ToJsonString(), data.ToArray());
    }

    /// <summary>Writes a header, right or wrong, and data.</summary>
    public static void WriteFile(string path, string header, ReadOnlySpan<byte> data)
    {
        using FileStream file = File.Create(path);
        byte[] text = Encoding.UTF8.GetBytes(header.PadRight((header.Length + 7) / 8 * 8));
        file.Write(BitConverter.GetBytes((ulong)text.Length));
        file.Write(text);
        file.Write(data);
    }

    public static string Name(DataType type) => type switch
    {
        DataType.Fp32 => "F32",
        DataType.Fp16 => "F16",
        _ => "BF16",
    };

    private static float Round(float value, DataType type) => type switch
    {
        DataType.Fp32 => value,
        DataType.Fp16 => (float)(Half)value,
        _ => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF_0000),
    };
}
