using PimSim.Traces.Format.Importers.Reading;

namespace PimSim.Traces.Format.Importers.Vidur;

/// <summary>Truth values as Python writes them.</summary>
internal static class VidurFlag
{
    public static bool Read(CsvTable table, int column)
    {
        ReadOnlySpan<byte> text = table.Bytes(column);
        return text.SequenceEqual("True"u8)
            || (text.SequenceEqual("False"u8)
                ? false
                : throw table.Fault($"{ImportError.Show(table.Header[column])} must be True or False, not {ImportError.Show(text)}"));
    }
}
