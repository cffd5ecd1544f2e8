using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.Runs;

/// <summary>
/// LLM-Inference-Bench: seconds of a whole batch from the prompts to the last tokens, or to the first token; power in milliwatts; storage of
/// weights and cache as a sentence. Throughput is not read: it follows from the rest.
/// </summary>
internal static class InferenceBenchRuns
{
    public static readonly ImmutableArray<string> Columns = ["Hardware", "Num of Hardware", "Framework", "Model", "Batch Size"];

    public static IEnumerable<EndToEndMeasurement> Read(MeasurementSource source)
    {
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(Columns.AsSpan());
        int both = table.Find("Input Output Length");
        int[] lengths = both >= 0 ? [both, both] : table.Require("Input Length", "Output Length");
        int first = table.Find("TTFT Latency");
        int total = Math.Max(table.Find("Latency"), table.Find("latency"));
        int power = table.Find("avg_power"), types = table.Find("kv_cache_dtype"), parallelism = table.Find("Parallelism Type");
        if (first < 0 && total < 0)
        {
            throw table.Fault("no column 'Latency' or 'TTFT Latency'");
        }

        while (table.Read(shortened: true))
        {
            int output = table.Integer(lengths[1], 1);
            double seconds = table.Number(first >= 0 ? first : total, "seconds", 1e6);

            // One token: the first is the last.
            bool toFirst = first >= 0 || output == 1;
            (DataType? weights, DataType? kv) = types < 0 ? (null, null) : Types(table, types);
            yield return new EndToEndMeasurement
            {
                Hardware = table.Text(column[0]).Trim(),
                Device = RunHardware.InferenceBench.GetValueOrDefault(table.Text(column[0]).Trim()),
                Devices = table.Integer(column[1], 1),
                Framework = table.Text(column[2]).Trim(),
                Model = table.Text(column[3]).Trim(),
                Batch = table.Integer(column[4], 1),
                PromptTokens = table.Integer(lengths[0], 1),
                OutputTokens = output,
                PromptSeconds = toFirst ? seconds : null,
                TotalSeconds = first >= 0 ? null : seconds,
                Watts = power < 0 ? null : table.Number(power, "milliwatts", 1e9) / 1000,
                WeightType = weights,
                KvType = kv,
                Parallelism = parallelism < 0 ? null : table.Text(parallelism).Trim(),
                File = source.Path,
                Line = table.Line,
            }.Marked(RunCautions.InferenceBench);
        }
    }

    // "Weight = fp16, KV Cache = fp8"
    private static (DataType? Weights, DataType? Kv) Types(CsvTable table, int column)
    {
        string text = table.Text(column);
        string[] parts = [.. text.Split(',', '=').Select(part => part.Trim())];
        return parts is ["Weight", string weights, "KV Cache", string kv] && DataTypes.Names.Contains(weights) && DataTypes.Names.Contains(kv)
            ? (DataTypes.Parse(weights), DataTypes.Parse(kv))
            : throw table.Fault($"'kv_cache_dtype' must be as 'Weight = fp16, KV Cache = fp8' with {string.Join(", ", DataTypes.Names)}, not {ImportError.Show(text)}");
    }
}
