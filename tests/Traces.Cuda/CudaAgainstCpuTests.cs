using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests;

/// <summary>Whole models against the CPU backend, which keeps keys and values in single precision.</summary>
public class CudaAgainstCpuTests
{
    public static MatrixTheoryData<string, string, DataType> Cases => SameLogits.Cases(DataType.Fp32, DataType.Bf16, DataType.Int4);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Prompts_new_tokens_and_rolled_back_ones_give_the_same_logits(string model, string device, DataType weightType) => SameLogits.Check(
        model, device, weightType, DataType.Fp32, weights => new CpuBackend(weights, threads: 1), Read);

    private static double[] Read(CpuTensor tensor)
    {
        List<double> values = [];
        for (int row = 0; row < tensor.Rows; row++)
        {
            foreach (float value in tensor.Row(row))
            {
                values.Add(value);
            }
        }

        return [.. values];
    }
}
