using System.Collections.Immutable;
using System.Text.Json;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Requests;

namespace PimSim.Traces.Format.Importers.Requests;

/// <summary>
/// Mooncake: one object a line with <c>timestamp</c> in milliseconds, <c>input_length</c>, <c>output_length</c> and
/// <c>hash_ids</c>, one for each started block of 512 tokens of the prompt.
/// </summary>
internal static class MooncakeRequests
{
    public static IEnumerable<Request> Read(string path, ImportOptions options)
    {
        using LineReader lines = new(path, options.Limits);
        ArrivalClock clock = new();
        bool any = false;
        while (lines.Read())
        {
            (long time, Request request) = ReadLine(lines);
            if (!clock.TryNext(time, out long arrival))
            {
                throw ImportError.At(path, lines.Line, "arrives before the request above it; sort the file by timestamp");
            }

            any = true;
            yield return request with { ArrivalNanoseconds = arrival };
        }

        if (!any)
        {
            throw ImportError.Of(path, "holds no requests");
        }
    }

    private static (long Time, Request Request) ReadLine(LineReader lines)
    {
        JsonTokens json = new(lines);
        JsonFields fields = new("timestamp", "input_length", "output_length", "hash_ids");
        long time = 0;
        int input = 0;
        int output = 0;
        ImmutableArray<long> blocks = [];
        fields.Open(ref json);
        while (fields.Next(ref json) is { } name)
        {
            switch (name)
            {
                case "timestamp":
                    time = json.Scaled(6, name);
                    break;
                case "input_length":
                    input = (int)json.Integer(name, 0, int.MaxValue);
                    break;
                case "output_length":
                    output = (int)json.Integer(name, 0, int.MaxValue);
                    break;
                default:
                    blocks = Blocks(ref json);
                    break;
            }
        }

        fields.Close(ref json, required: 3);
        return (time, new Request(0, input, output) { PrefixBlocks = blocks });
    }

    private static ImmutableArray<long> Blocks(ref JsonTokens json)
    {
        if (json.Type != JsonTokenType.StartArray)
        {
            throw json.Fault($"'hash_ids' must be a list of whole numbers, not {ImportError.Show(json.Raw)}");
        }

        ImmutableArray<long>.Builder blocks = ImmutableArray.CreateBuilder<long>();
        while (json.Next() != JsonTokenType.EndArray)
        {
            blocks.Add(json.Integer("hash_ids", -long.MaxValue, long.MaxValue));
        }

        return blocks.ToImmutable();
    }
}
