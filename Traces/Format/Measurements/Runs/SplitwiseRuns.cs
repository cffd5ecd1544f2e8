using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;

namespace PimSim.Traces.Format.Measurements.Runs;

/// <summary>
/// splitwise-sim perf_model.csv: prompt, token and end-to-end times in milliseconds, power as a share of the GPUs' thermal design power, of
/// which 0 stands for not measured. The software was vLLM of 2023; the file does not name it.
/// </summary>
internal static class SplitwiseRuns
{
    public static readonly ImmutableArray<string> Columns =
        ["model", "hardware", "prompt_size", "batch_size", "token_size", "average_power", "prompt_time", "token_time", "e2e_time", "tensor_parallel"];

    // Two thirds of the published rows agree to 1 %, from there on the differences grow without a gap: the limit is a choice (estimated).
    private const double Tolerance = 0.03;

    private const string DiffersFromParts = "is not the prompt's time with that of all tokens: the generation ended early, or requests waited";

    public static IEnumerable<EndToEndMeasurement> Read(MeasurementSource source)
    {
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(Columns.AsSpan());
        while (table.Read())
        {
            double prompt = table.Number(column[6], "milliseconds", 1e9) / 1000, token = table.Number(column[7], "milliseconds", 1e9) / 1000, total = table.Number(column[8], "milliseconds", 1e9) / 1000;
            int tokens = table.Integer(column[4], 1);
            double share = table.Number(column[5], "the share of the thermal design power", 10);
            yield return new EndToEndMeasurement
            {
                Model = table.Text(column[0]),
                Hardware = table.Text(column[1]),
                Device = RunHardware.Splitwise.GetValueOrDefault(table.Text(column[1])),
                Framework = "vLLM (2023)",
                PromptTokens = table.Integer(column[2], 1),
                Batch = table.Integer(column[3], 1),
                OutputTokens = tokens,
                PowerShare = share == 0 ? null : share,
                PromptSeconds = prompt,
                SecondsPerOutputToken = token,
                TotalSeconds = total,
                TotalCaution = Math.Abs(total - Sum(prompt, token, tokens)) <= Tolerance * Sum(prompt, token, tokens) ? null : DiffersFromParts,
                Devices = table.Integer(column[9], 1),
                Parallelism = "tensor",
                File = source.Path,
                Line = table.Line,
            }.Marked(RunCautions.Splitwise);
        }
    }

    private static double Sum(double prompt, double token, int tokens) => prompt + (token * (tokens - 1));
}
