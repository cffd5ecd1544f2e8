using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Requests;

namespace PimSim.Traces.Format.Importers.Vllm;

/// <summary>
/// One object a line with the times that vLLM keeps for each request, as LLMServingSim's bench writes them:
/// <c>arrival_time</c> by the wall clock, <c>queued_ts</c>, <c>scheduled_ts</c>, <c>first_token_ts</c> and
/// <c>last_token_ts</c> by a monotonic clock, in seconds. Durations are counted from <c>queued_ts</c>: the two clocks
/// cannot be subtracted.
/// </summary>
internal static class VllmRequests
{
    public static ImportedBenchmark Read(string path, ImportOptions options)
    {
        using LineReader lines = new(path, options.Limits);
        ImmutableArray<MeasuredRequest>.Builder requests = ImmutableArray.CreateBuilder<MeasuredRequest>();
        while (lines.Read())
        {
            requests.Add(ReadLine(lines, requests.Count));
        }

        if (requests.Count == 0)
        {
            throw ImportError.Of(path, "holds no requests");
        }

        return new ImportedBenchmark(path, ImportFormat.VllmRequests, model: null, StartTimes.FromEarliest(requests));
    }

    private static MeasuredRequest ReadLine(LineReader lines, int index)
    {
        JsonTokens json = new(lines);
        JsonFields fields = new("input_toks", "output_toks", "arrival_time", "queued_ts", "scheduled_ts", "first_token_ts", "last_token_ts");
        int input = 0;
        int output = 0;
        long arrival = 0;
        long queued = 0;
        long scheduled = 0;
        long first = 0;
        long last = 0;
        fields.Open(ref json);
        while (fields.Next(ref json) is { } name)
        {
            switch (name)
            {
                case "input_toks":
                    input = (int)json.Integer(name, 0, int.MaxValue);
                    break;
                case "output_toks":
                    output = (int)json.Integer(name, 0, int.MaxValue);
                    break;
                case "arrival_time":
                    arrival = json.Scaled(9, name);
                    break;
                case "queued_ts":
                    queued = json.Scaled(9, name);
                    break;
                case "scheduled_ts":
                    scheduled = json.Scaled(9, name);
                    break;
                case "first_token_ts":
                    first = json.Scaled(9, name);
                    break;
                default:
                    last = json.Scaled(9, name);
                    break;
            }
        }

        fields.Close(ref json, required: 7);
        return queued <= scheduled && scheduled <= first && first <= last
            ? new MeasuredRequest(index, input, output, first - queued, last - queued) { StartNanoseconds = arrival, QueueNanoseconds = scheduled - queued }
            : throw json.Fault("queued_ts, scheduled_ts, first_token_ts and last_token_ts must not decrease");
    }
}
