using System.Collections.Immutable;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.AiConfigurator;

/// <summary>
/// gemm_perf: products [m, k] x [k, n] by the framework's own kernel inside a CUDA graph. In fp8 both inputs are fp8; the result, which
/// is not, is counted like them. The group is the shape of the weights.
/// </summary>
internal static class GemmRows
{
    public static readonly ImmutableArray<string> Columns = ["gemm_dtype", "m", "n", "k", ConfiguratorTable.Latency];

    public static IEnumerable<Measurement> Read(MeasurementSource source)
    {
        using CsvTable table = CsvTable.Open(source.Path, source.Limits);
        int[] column = table.Require(Columns.AsSpan());
        int power = table.Find("power");
        RowBuilder builder = new(source);
        Dictionary<(int, int), string> groups = [];
        while (table.Read())
        {
            DataType type = ConfiguratorTypes.Read(table, column[0]);
            int rows = table.Integer(column[1], 1), outputs = table.Integer(column[2], 1), inputs = table.Integer(column[3], 1);
            if (!groups.TryGetValue((outputs, inputs), out string? group))
            {
                groups[(outputs, inputs)] = group = $"n{outputs} k{inputs}";
            }

            Operator op = new()
            {
                Kind = OperatorKind.Gemm,
                Role = OperatorRole.Other,
                Phase = Phase.Prefill,
                Rows = rows,
                Inputs = inputs,
                Outputs = outputs,
                WeightType = type,
                ActivationType = type,
                KvType = DataType.Bf16,
            };
            yield return builder.New(table, [op], MeasurementClass.Linear, ConfiguratorTable.Nanoseconds(table, column[4]), MeasuredSpan.Kernel, "gemm", group, ConfiguratorTable.Watts(table, power));
        }
    }
}
