using PimSim.Devices.Asic;

namespace PimSim.Devices.Tests.Asic;

/// <summary>Every function of the ASIC, run once on a row of words that are only counted.</summary>
internal static class CountedFunctions
{
    public static IReadOnlyDictionary<string, Action<RowFunctions<CountedWord, CountingArithmetic>, int>> All { get; } =
        new Dictionary<string, Action<RowFunctions<CountedWord, CountingArithmetic>, int>>(StringComparer.Ordinal)
        {
            ["softmax"] = (row, n) => row.Softmax(Words(n), Words(n)),
            ["layer norm"] = (row, n) => row.LayerNorm(Words(n), Words(n), Words(n), 1e-5f, Words(n)),
            ["RMS norm"] = (row, n) => row.RmsNorm(Words(n), Words(n), 1e-5f, Words(n)),
            ["GELU"] = (row, n) => row.Gelu(Words(n), Words(n)),
            ["ReLU"] = (row, n) => row.Relu(Words(n), Words(n)),
            ["SwiGLU"] = (row, n) => row.SwiGlu(Words(n), Words(n), Words(n)),
            ["GeGLU"] = (row, n) => row.GeGlu(Words(n), Words(n), Words(n)),
            ["add"] = (row, n) => row.Add(Words(n), Words(n), Words(n)),
            ["SiLU"] = (row, n) => row.Silu(Words(n), Words(n)),
            ["sigmoid"] = (row, n) => row.Sigmoid(Words(n), Words(n)),
            ["tanh"] = (row, n) => row.Tanh(Words(n), Words(n)),
            ["squared ReLU"] = (row, n) => row.SquaredRelu(Words(n), Words(n)),
            ["multiply"] = (row, n) => row.Multiply(Words(n), Words(n), Words(n)),
            ["arg max"] = (row, n) => row.ArgMax(Words(n)),
            ["rope"] = (row, n) => row.Rope(Words(n), Words(n), Words(n), Words(n)),
        };

    private static CountedWord[] Words(int count) => new CountedWord[count];
}
