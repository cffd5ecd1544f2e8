using System.Runtime.InteropServices;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>A table of embeddings as a matrix to multiply with, a row for each channel: the same memory on a GPU, a copy here.</summary>
internal static class TransposedTable
{
    /// <summary>The matrix.</summary>
    /// <param name="tokens">A row for each token.</param>
    /// <param name="hasData">Whether numbers are needed.</param>
    public static WeightTensor Of(WeightTensor tokens, bool hasData)
    {
        if (!hasData)
        {
            return new WeightTensor(tokens.Type, tokens.Columns, tokens.Rows, []);
        }

        float[] turned = new float[checked(tokens.Rows * tokens.Columns)];
        float[] row = new float[tokens.Columns];
        for (int token = 0; token < tokens.Rows; token++)
        {
            WeightRows.Read(tokens, token, row);
            for (int channel = 0; channel < row.Length; channel++)
            {
                turned[(channel * tokens.Rows) + token] = row[channel];
            }
        }

        WeightSegment segment = new(new CopiedWeights(MemoryMarshal.AsBytes(turned.AsSpan()).ToArray()), 0, tokens.Columns);
        return new WeightTensor(DataType.Fp32, tokens.Columns, tokens.Rows, [segment]);
    }
}
