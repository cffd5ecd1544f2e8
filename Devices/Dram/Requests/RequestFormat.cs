using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Requests;

/// <summary>How a file of requests is written.</summary>
public enum RequestFormat : byte
{
    /// <summary>DRAMsim3: <c>0x7f40 READ 120</c>, a hexadecimal address, the operation and the arrival cycle.</summary>
    DramSim3,

    /// <summary>Ramulator 2 load/store trace: <c>LD 0x7f40</c> or <c>ST 32576</c>; every request arrives at 0.</summary>
    RamulatorLoadStore,

    /// <summary>Ramulator 2 read/write trace: <c>R 0,0,1,2,100,64</c>, a number for each level from the channel to the burst;
    /// every request arrives at 0.</summary>
    RamulatorReadWrite,

    /// <summary>Coordinates as CSV under <c>id,arrival,op,rank,bankgroup,bank,row,col</c>, with or without a <c>channel</c>
    /// before the rank.</summary>
    Coordinates,
}

/// <summary>Names of the formats.</summary>
public static class RequestFormats
{
    /// <summary>The names, in the order of <see cref="RequestFormat"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = ["dramsim3", "ramulator-loadstore", "ramulator-readwrite", "csv"];

    /// <summary>The name of a format.</summary>
    public static string Name(this RequestFormat format) => Names[(int)format];

    /// <summary>The format of a name.</summary>
    /// <exception cref="PimSimUserException">There is no such format.</exception>
    public static RequestFormat Parse(string name)
    {
        for (int i = 0; i < Names.Count; i++)
        {
            if (Names[i].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return (RequestFormat)i;
            }
        }

        throw new PimSimUserException($"'{name}' is no format of requests; {NearestWord.Suggest(name, [.. Names])}");
    }

    /// <summary>The format that a first line of data is written in; null if none.</summary>
    internal static RequestFormat? Detect(string line)
    {
        string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return words[0] switch
        {
            "LD" or "ST" => RequestFormat.RamulatorLoadStore,
            "R" or "W" => RequestFormat.RamulatorReadWrite,
            string word when word.Contains(',', StringComparison.Ordinal) => RequestFormat.Coordinates,
            string word when word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) || word.All(char.IsAsciiHexDigit) => RequestFormat.DramSim3,
            _ => null,
        };
    }
}
