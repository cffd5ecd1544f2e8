using System.Collections.Immutable;
using System.Globalization;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.ServingSim;

/// <summary>
/// LLMServingSim profiler/perf: kernels of vLLM's layers in bf16, microseconds. The model and its tensor parallelism stand in the path
/// (<c>meta-llama/Llama-3.1-8B/bf16/tp2</c>), its sizes nowhere.
/// </summary>
internal static class ServingSimRows
{
    public static readonly ImmutableArray<string> DenseColumns = ["layer", "tokens", "time_us"];

    public static readonly ImmutableArray<string> SequenceColumns = ["layer", "sequences", "time_us"];

    public static readonly ImmutableArray<string> AttentionColumns = ["prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us"];

    public static readonly ImmutableArray<string> ExpertColumns = ["tokens", "activated_experts", "time_us"];

    private const string FusedSum = "a residual sum in the same kernel is not counted";

    public static IEnumerable<Measurement> Dense(MeasurementSource source) => Layers(source, DenseColumns);

    public static IEnumerable<Measurement> PerSequence(MeasurementSource source) => Layers(source, SequenceColumns);

    /// <summary>A chunk of one prompt after <c>kv_prefill</c> tokens, with <c>n_decode</c> sequences that have <c>kv_decode</c> tokens before.</summary>
    public static IEnumerable<Measurement> Attention(MeasurementSource source)
    {
        ModelSizes sizes = source.RequireSizes();
        int devices = Devices(source);
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(AttentionColumns.AsSpan());
        RowBuilder builder = new(source);
        while (table.Read())
        {
            int chunk = table.Integer(column[0], 0), before = table.Integer(column[1], 0), decodes = table.Integer(column[2], 0), cached = table.Integer(column[3], 0);
            if (chunk + (long)decodes == 0)
            {
                throw table.Fault("neither a chunk of a prompt nor a sequence to decode");
            }

            ImmutableArray<Operator> operators =
            [
                .. chunk == 0 ? [] : new[] { SizedBlock.Attention(sizes, table, 1, chunk, before, devices, DataType.Bf16) },
                .. decodes == 0 ? [] : new[] { SizedBlock.Attention(sizes, table, decodes, 1, cached, devices, DataType.Bf16) with { Phase = chunk == 0 ? Phase.Decode : Phase.Prefill } },
            ];
            MeasurementClass kind = operators.Length == 2 ? MeasurementClass.MixedAttention : Classes.Of(operators[0]);
            yield return builder.New(table, operators, kind, Time(table, column[4]), MeasuredSpan.Kernel, "attention", source.Model);
        }
    }

    public static IEnumerable<Measurement> Experts(MeasurementSource source)
    {
        ModelSizes sizes = source.RequireSizes();
        int devices = Devices(source);
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(ExpertColumns.AsSpan());
        RowBuilder builder = new(source);
        if (sizes.ExpertsPerToken < 1 || sizes.FfnWidth % devices != 0)
        {
            throw table.Fault($"{ImportError.Show(source.Model)} has no experts that can be spread over {devices} devices");
        }

        while (table.Read())
        {
            long pairs = (long)table.Integer(column[0], 1, SizedBlock.MostTokens) * sizes.ExpertsPerToken;
            int visited = table.Integer(column[1], 1, sizes.Experts);
            ExpertLayer layer = new((int)pairs, visited, sizes.Width, sizes.FfnWidth / devices, sizes.Activation, Phase.Prefill, DataType.Bf16, DataType.Bf16);
            yield return builder.New(
                table, layer.Operators(), MeasurementClass.Moe, Time(table, column[2]), MeasuredSpan.Kernel, "moe", source.Model, assumption: "pairs of tokens and experts are spread evenly over the experts that are visited; the router is not part of the time");
        }
    }

    private static IEnumerable<Measurement> Layers(MeasurementSource source, ImmutableArray<string> columns)
    {
        ModelSizes sizes = source.RequireSizes();
        int devices = Devices(source);
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(columns.AsSpan());
        RowBuilder builder = new(source);
        while (table.Read())
        {
            string name = table.Text(column[0]);
            BlockShape block = SizedBlock.Of(sizes, table, table.Integer(column[1], 1, SizedBlock.MostTokens), devices, DataType.Bf16);
            (ImmutableArray<Operator> operators, string? assumption) = Of(name, block, sizes, devices);
            if (operators.IsEmpty)
            {
                throw table.Fault($"'layer' must be one that vLLM's profile has, not {ImportError.Show(name)}");
            }

            yield return builder.New(table, operators, name == "sampler" ? MeasurementClass.Other : Classes.Of(operators[0]), Time(table, column[2]), MeasuredSpan.Kernel, name, source.Model, assumption: assumption);
        }
    }

    private static (ImmutableArray<Operator> Operators, string? Assumption) Of(string name, BlockShape block, ModelSizes sizes, int devices) => name switch
    {
        "embedding" => ([block.Embedding()], null),
        "layernorm" => ([block.Normalise(OperatorRole.AttentionNorm)], FusedSum),
        "final_layernorm" => ([block.Normalise(OperatorRole.FinalNorm)], FusedSum),
        "qkv_proj" => ([block.Qkv()], null),
        "qk_norm" => ([block.NormaliseHeads(block.Heads), block.NormaliseHeads(block.KvHeads)], null),
        "rotary_emb" => ([block.Rotate()], null),
        "o_proj" => ([block.AttentionOutput()], null),
        "gate_up_proj" => ([block.Up()], null),
        "act_fn" => ([block.Activate()], null),
        "down_proj" => ([block.Down()], null),
        "lm_head" => ([block.Gemm(OperatorRole.LmHead, sizes.Width, sizes.Vocabulary / devices)], null),
        "sampler" => ([block.New(OperatorKind.Sample, OperatorRole.Sample) with { Inputs = sizes.Vocabulary }], "the largest is chosen"),
        _ => ([], null),
    };

    private static double Time(CsvTable table, int column) => table.Scaled(column, 6, "microseconds", TraceLimits.Nanoseconds * 1000) / 1000.0;

    // ".../tp2/dense.csv"
    private static int Devices(MeasurementSource source)
    {
        string folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(source.Path))) ?? "";
        return folder.StartsWith("tp", StringComparison.Ordinal) && int.TryParse(folder.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out int devices) && devices > 0
            ? devices
            : throw ImportError.Of(source.Path, "must lie in a folder tp1, tp2 ... that says how many devices share the model");
    }
}
