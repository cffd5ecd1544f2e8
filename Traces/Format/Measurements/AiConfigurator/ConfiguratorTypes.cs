using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.AiConfigurator;

/// <summary>Names of data types in these tables.</summary>
internal static class ConfiguratorTypes
{
    public static DataType Read(CsvTable table, int column)
    {
        ReadOnlySpan<byte> name = table.Bytes(column);
        return name.SequenceEqual("bfloat16"u8) ? DataType.Bf16
            : name.SequenceEqual("half"u8) || name.SequenceEqual("float16"u8) ? DataType.Fp16
            : name.SequenceEqual("fp8"u8) || name.SequenceEqual("fp8_block"u8) ? DataType.Fp8
            : name.SequenceEqual("int8"u8) ? DataType.Int8
            : throw table.Fault($"{ImportError.Show(table.Header[column])} must be bfloat16, float16, half, fp8, fp8_block or int8, not {ImportError.Show(name)}");
    }
}
