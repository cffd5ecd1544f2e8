using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Format.Importers;

/// <summary>Names of formats.</summary>
public static class ImportFormats
{
    /// <summary>All names in one text: a constant, so that a command line that imports nothing makes no list of them.</summary>
    public const string NamesInOneText = "kineto, nsys-kern-sum, nsys-gpu-trace, vidur-mlp, vidur-attention, azure, burstgpt, mooncake, vllm-bench, vllm-requests";

    /// <summary>Names as written on a command line, in the order of <see cref="ImportFormat"/>.</summary>
    public static readonly ImmutableArray<string> Names = [.. NamesInOneText.Split(", ")];

    /// <summary>The name of a format.</summary>
    public static string Name(this ImportFormat format) => Names[(int)format];

    /// <summary>The format of a name.</summary>
    /// <exception cref="PimSimUserException">There is none of that name.</exception>
    public static ImportFormat Parse(string name)
    {
        int index = Names.IndexOf(name);
        return index >= 0
            ? (ImportFormat)index
            : throw new PimSimUserException($"'{name}' is no format that can be imported; {NearestWord.Suggest(name, Names)}");
    }
}
