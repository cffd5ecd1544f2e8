namespace PimSim.Devices.Dram.Requests;

/// <summary>
/// One line of a format, read in two ways: at full speed from bytes, and again, once that failed, in words that say why.
/// Formats are structs, so that the reader's loop is compiled for each of them.
/// </summary>
internal interface ILineFormat
{
    /// <summary>Reads the line at <paramref name="at"/>, which ends with a line feed. Returns the position behind it, or 0 if
    /// anything is wrong with it.</summary>
    nint Read(ref byte start, nint at, long id, out DramRequest request);

    /// <summary>What is wrong with a line that <see cref="Read"/> refused, and what would be right.</summary>
    string Explain(string line, long id);
}
