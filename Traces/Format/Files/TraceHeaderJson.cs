using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>The header of a trace file as a JSON object: the first line of a JSON Lines file, metadata of a Parquet file.</summary>
internal static class TraceHeaderJson
{
    private const string VersionKey = "pimsim_trace";

    public static ReadOnlyMemory<byte> Write(TraceHeader header)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, StrictJson.WriterOptions))
        {
            ModelFootprint footprint = header.Footprint;
            json.WriteStartObject();
            json.WriteNumber(VersionKey, TraceHeader.FormatVersion);
            json.WriteString("program", header.Program);
            json.WriteString("technique", header.Technique);
            json.WriteString("backend", header.Backend);
            json.WriteString("machine", header.Machine);
            json.WriteNumber("prompt_tokens", header.PromptTokens);
            json.WriteNumber("generated_tokens", header.GeneratedTokens);
            json.WriteNumber("seed", header.Seed);
            json.WriteString("model", footprint.Model);
            json.WriteNumber("sequences", footprint.Sequences);
            json.WriteNumber("reserved_context", footprint.ReservedContext);
            json.WriteNumber("layers", footprint.Layers);
            json.WriteNumber("kv_width", footprint.KvWidth);
            json.WriteNumber("head_dim", footprint.HeadDim);
            json.WriteString("weight_type", EnumWords<DataType>.Of(footprint.WeightType));
            json.WriteString("kv_type", EnumWords<DataType>.Of(footprint.KvType));
            json.WriteNumber("other_parameters", footprint.OtherParameters);
            if (footprint.OtherKvBytes > 0)
            {
                json.WriteNumber("other_kv_bytes", footprint.OtherKvBytes);
            }

            json.WriteStartArray("matrices");
            foreach (WeightMatrix matrix in footprint.Matrices)
            {
                json.WriteStartObject();
                json.WriteString("role", EnumWords<OperatorRole>.Of(matrix.Role));
                json.WriteNumber("inputs", matrix.Inputs);
                json.WriteNumber("outputs", matrix.Outputs);
                json.WriteBoolean("bias", matrix.Bias);
                json.WriteNumber("instances", matrix.Instances);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Reads a header.</summary>
    /// <exception cref="Documents.PimSimUserException">Not a header, or of another version.</exception>
    public static TraceHeader Read(ReadOnlyMemory<byte> text, string place)
    {
        var json = StrictJson.Parse(text, place);
        if (!json.Has(VersionKey))
        {
            throw json.Fault($"this is not a PimSim trace: '{VersionKey}' is missing");
        }

        long version = json.Integer(VersionKey, 0, int.MaxValue);
        if (version != TraceHeader.FormatVersion)
        {
            throw json.Fault($"this trace has format version {version}, and this PimSim reads version {TraceHeader.FormatVersion}");
        }

        TraceHeader header = new()
        {
            Program = json.Text("program"),
            Technique = json.Text("technique"),
            Backend = json.Text("backend"),
            Machine = json.Text("machine"),
            PromptTokens = json.Size("prompt_tokens"),
            GeneratedTokens = json.Size("generated_tokens"),
            Seed = json.Integer("seed", long.MinValue, long.MaxValue),
            Footprint = ReadFootprint(json),
        };
        json.RejectUnknownKeys();
        return Fault(header) is { } fault ? throw json.Fault(fault) : header;
    }

    /// <summary>What is wrong with a header, or null.</summary>
    public static string? Fault(TraceHeader header)
    {
        ModelFootprint footprint = header.Footprint;
        string? text = TraceRules.Text(header.Program) ?? TraceRules.Text(header.Technique) ?? TraceRules.Text(header.Backend) ?? TraceRules.Text(header.Machine) ?? TraceRules.Text(footprint.Model);
        if (text is not null)
        {
            return text;
        }

        if ((header.PromptTokens | header.GeneratedTokens | footprint.Sequences | footprint.ReservedContext | footprint.Layers | footprint.KvWidth | footprint.HeadDim) < 0
            || footprint.OtherParameters is < 0 or > 1L << 50
            || footprint.OtherKvBytes is < 0 or > 1L << 50
            || footprint.Matrices.Any(matrix => matrix.Inputs < 1 || matrix.Outputs < 1 || matrix.Instances < 1))
        {
            return "a size of the model is negative, zero or beyond any machine";
        }

        double parameters = footprint.Matrices.Sum(matrix => ((double)matrix.Inputs + 1) * matrix.Outputs * matrix.Instances);
        double cache = 2.0 * footprint.Layers * footprint.KvWidth * footprint.ReservedContext * footprint.Sequences;
        return footprint.Matrices.Length > TraceLimits.Matrices || Math.Max(parameters, cache) * 32 > TraceLimits.Work ? "the model is beyond any machine" : null;
    }

    private static ModelFootprint ReadFootprint(StrictJson json)
    {
        ImmutableArray<WeightMatrix>.Builder matrices = ImmutableArray.CreateBuilder<WeightMatrix>();
        foreach (StrictJson matrix in json.Objects("matrices"))
        {
            matrices.Add(new WeightMatrix(matrix.Word<OperatorRole>("role"), matrix.Size("inputs"), matrix.Size("outputs"), matrix.Flag("bias"), matrix.Size("instances")));
            matrix.RejectUnknownKeys();
        }

        return new ModelFootprint(
            json.Text("model"),
            matrices.DrainToImmutable(),
            json.Integer("other_parameters", 0, long.MaxValue),
            json.Size("layers"),
            json.Size("kv_width"),
            json.Size("head_dim"),
            json.Size("reserved_context"),
            json.Size("sequences"),
            json.Word<DataType>("weight_type"),
            json.Word<DataType>("kv_type"))
        {
            OtherKvBytes = json.Integer("other_kv_bytes", 0, long.MaxValue, 0),
        };
    }
}
