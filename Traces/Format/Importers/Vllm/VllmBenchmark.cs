using System.Collections.Immutable;
using System.Text.Json;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Requests;

namespace PimSim.Traces.Format.Importers.Vllm;

/// <summary>
/// The result of <c>vllm bench serve --save-result --save-detailed</c> (benchmark_serving.py before): one object with, among
/// its averages, one list for each of input_lens, output_lens, ttfts, itls and errors, in seconds where they are times, all
/// in the order of requests. The latency is the time to the first token and all times between tokens, which is how vLLM's
/// client itself defines it.
/// </summary>
internal static class VllmBenchmark
{
    public static ImportedBenchmark Read(string path, ImportOptions options)
    {
        using ImportStream stream = ImportStream.Open(path, options.Limits);
        JsonTokens json = new(stream);
        JsonFields fields = new("input_lens", "output_lens", "ttfts", "itls", "errors", "start_times", "model_id");
        List<int> inputs = [];
        List<int> outputs = [];
        List<long> firsts = [];
        List<ImmutableArray<long>> betweens = [];
        List<string?> errors = [];
        List<long> starts = [];
        string? model = null;
        fields.Open(ref json);
        while (fields.Next(ref json) is { } name)
        {
            if (name == "model_id")
            {
                model = json.Text(name);
                continue;
            }

            for (bool open = OpensList(ref json, name); open && json.Next() != JsonTokenType.EndArray;)
            {
                switch (name)
                {
                    case "input_lens":
                        inputs.Add((int)json.Integer(name, 0, int.MaxValue));
                        break;
                    case "output_lens":
                        outputs.Add((int)json.Integer(name, 0, int.MaxValue));
                        break;
                    case "ttfts":
                        firsts.Add(json.Scaled(9, name));
                        break;
                    case "itls":
                        betweens.Add(Betweens(ref json));
                        break;
                    case "errors":
                        errors.Add(json.Text(name));
                        break;
                    default:
                        starts.Add(json.Scaled(9, name));
                        break;
                }
            }
        }

        if (!fields.Has("ttfts") && !fields.Has("input_lens"))
        {
            throw ImportError.Of(path, "has no lists of requests (input_lens, output_lens, ttfts, itls); benchmark with --save-detailed");
        }

        fields.Close(ref json, required: 4);
        CheckLengths(path, inputs.Count, [("output_lens", outputs.Count), ("ttfts", firsts.Count), ("itls", betweens.Count)]);
        CheckOptional(path, inputs.Count, "errors", fields.Has("errors"), errors.Count);
        CheckOptional(path, inputs.Count, "start_times", fields.Has("start_times"), starts.Count);
        ImmutableArray<MeasuredRequest> requests =
        [
            .. inputs.Select((input, i) => new MeasuredRequest(i, input, outputs[i], firsts[i], Latency(path, i, firsts[i], betweens[i]))
            {
                InterTokenNanoseconds = betweens[i],
                StartNanoseconds = starts.Count > 0 ? starts[i] : null,
                Error = errors.Count > 0 && !string.IsNullOrEmpty(errors[i]) ? errors[i] : null,
            }),
        ];
        return new ImportedBenchmark(path, ImportFormat.VllmBenchmark, model, starts.Count > 0 ? StartTimes.FromEarliest(requests) : requests);
    }

    private static bool OpensList(ref JsonTokens json, string name) => json.Type == JsonTokenType.StartArray
        ? true
        : throw json.Fault($"'{name}' must be a list, not {ImportError.Show(json.Raw)}");

    private static ImmutableArray<long> Betweens(ref JsonTokens json)
    {
        OpensList(ref json, "itls");
        ImmutableArray<long>.Builder times = ImmutableArray.CreateBuilder<long>();
        while (json.Next() != JsonTokenType.EndArray)
        {
            times.Add(json.Scaled(9, "itls"));
        }

        return times.ToImmutable();
    }

    private static void CheckLengths(string path, int expected, (string Name, int Count)[] lists)
    {
        if (expected == 0)
        {
            throw ImportError.Of(path, "holds no requests");
        }

        foreach ((string name, int count) in lists)
        {
            if (count != expected)
            {
                throw ImportError.Of(path, $"'{name}' has {count} entries, 'input_lens' has {expected}; there must be one for each request");
            }
        }
    }

    private static void CheckOptional(string path, int expected, string name, bool there, int count)
    {
        if (there)
        {
            CheckLengths(path, expected, [(name, count)]);
        }
    }

    private static long Latency(string path, int index, long first, ImmutableArray<long> betweens)
    {
        Int128 latency = first;
        foreach (long between in betweens)
        {
            latency += between;
        }

        return latency <= long.MaxValue ? (long)latency : throw ImportError.Of(path, $"the times of request {index} add up to more than 292 years");
    }
}
