using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Files;

/// <summary>Alone, because it looks at the memory of the whole process.</summary>
[CollectionDefinition(nameof(TraceMemoryTests), DisableParallelization = true)]
[Collection(nameof(TraceMemoryTests))]
public sealed class TraceMemoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-trace-").FullName;

    public static TheoryData<string> Extensions => [.. TraceFile.Extensions];

    [Theory]
    [MemberData(nameof(Extensions))]
    public void Memory_does_not_grow_with_the_number_of_steps(string extension)
    {
        // The measured times alone would be 12,000 x 800 x 8 bytes = 77 MB.
        const int Steps = 12_000;
        string path = Path.Combine(_folder, $"long{extension}");
        long highest = 0;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Step Make(int index)
        {
            if (index % 1500 == 1499)
            {
                highest = Math.Max(highest, GC.GetTotalMemory(forceFullCollection: true));
            }

            return new Step(index, Phase.Decode, [new StepBlock([Add(1 + index), Add(2)], 400)], 1) { MeasuredNanoseconds = [.. Enumerable.Repeat((long)index, 800)] };
        }

        TraceFile.Write(path, RandomTrace.Plain, Enumerable.Range(0, Steps).Select(Make), TestContext.Current.CancellationToken);
        foreach (Step step in TraceFile.Open(path).Steps())
        {
            Assert.Equal(Make(step.Index), step);
        }

        Assert.True(highest - before < 40_000_000, $"{highest - before} bytes");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Operator Add(int rows) => new() { Kind = OperatorKind.Add, Role = OperatorRole.Residual, Phase = Phase.Decode, Rows = rows, Outputs = 1 };
}
