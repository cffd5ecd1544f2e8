using PimSim.Traces.Cuda.Tests.Reference;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Cuda.Tests;

/// <summary>Whole models against a backend of plain loops in double precision.</summary>
public class CudaAgainstPlainTests
{
    public static MatrixTheoryData<string, string, DataType> Cases => SameLogits.Cases([.. PackedWeights.Types]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Prompts_new_tokens_and_rolled_back_ones_give_the_same_logits(string model, string device, DataType weightType) => SameLogits.Check(
        model, device, weightType, (DataType)((int)weightType % 3), weights => new PlainBackend(weights), tensor => [.. tensor.Values.SelectMany(row => row)]);
}
