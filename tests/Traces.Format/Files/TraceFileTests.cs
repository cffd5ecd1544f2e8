using CsCheck;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Files;

public sealed class TraceFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-trace-").FullName;

    public static TheoryData<string> Extensions => [.. TraceFile.Extensions];

    [Theory]
    [MemberData(nameof(Extensions))]
    public void What_is_written_is_read_back(string extension) => Gen.Select(RandomTrace.Header, RandomTrace.Steps).Sample(
        (header, steps) =>
        {
            string path = Name(extension);
            Write(path, header, steps);
            TraceFileSource source = TraceFile.Open(path);
            Assert.Equal(header, source.Header);
            Assert.Equal(header.Footprint, source.Footprint);
            Assert.Equal(steps, source.Steps());
            Assert.Equal(steps, source.Steps());
        },
        iter: 150,
        threads: 1);

    [Theory]
    [MemberData(nameof(Extensions))]
    public void Equal_traces_are_equal_bytes(string extension) => Gen.Select(RandomTrace.Header, RandomTrace.Steps).Sample(
        (header, steps) =>
        {
            string first = Name(extension);
            string second = Name(extension);
            Write(first, header, steps);
            Write(second, TraceFile.Open(first).Header, TraceFile.Open(first).Steps());
            Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
            Assert.Equal(TraceFile.Open(first).Hash(), TraceFile.Open(second).Hash());
        },
        iter: 20,
        threads: 1);

    [Fact]
    public void Steps_that_reach_over_row_groups_are_whole()
    {
        // 100,000 blocks of one row each: more than a row group holds.
        Step step = new(0, Phase.Decode, [.. Enumerable.Range(1, 100_000).Select(rows => new StepBlock([Add(rows)], 1))], 1) { MeasuredNanoseconds = [.. Enumerable.Range(0, 100_000).Select(time => (long)time)] };
        Step[] steps = [step, step with { Index = 1 }];
        string path = Name(".parquet");
        Write(path, RandomTrace.Plain, steps);
        Assert.Equal(steps, TraceFile.Open(path).Steps());
    }

    [Fact]
    public void A_trace_without_steps_is_a_trace()
    {
        foreach (string extension in TraceFile.Extensions)
        {
            string path = Name(extension);
            Write(path, RandomTrace.Plain, []);
            Assert.Empty(TraceFile.Open(path).Steps());
        }
    }

    [Fact]
    public void Nothing_is_written_when_the_steps_fail()
    {
        foreach (string extension in TraceFile.Extensions)
        {
            string path = Name(extension);
            File.WriteAllText(path, "what stood there");
            Assert.Throws<PimSimUserException>(() => Write(path, RandomTrace.Plain, Failing()));
            Assert.Equal("what stood there", File.ReadAllText(path));
            Assert.Throws<OperationCanceledException>(() => TraceFile.Write(path, RandomTrace.Plain, [EmptyStep(0)], new CancellationToken(canceled: true)));
            Assert.Equal("what stood there", File.ReadAllText(path));
        }

        Assert.Equal(TraceFile.Extensions.Count, Directory.GetFiles(_folder).Length);

        static IEnumerable<Step> Failing()
        {
            yield return EmptyStep(0);
            throw new PimSimUserException("no more");
        }
    }

    [Fact]
    public void Steps_against_the_rules_are_refused()
    {
        Operator attention = new() { Kind = OperatorKind.Attention, Role = OperatorRole.Attention, Phase = Phase.Decode, Rows = 3, Sequences = 2, Heads = 1, KvHeads = 1, HeadDim = 1, Context = 9 };
        Step[] wrong =
        [
            EmptyStep(1),
            EmptyStep(0) with { CommittedTokens = -1 },
            EmptyStep(0) with { MeasuredNanoseconds = [1] },
            Of(new StepBlock([], 1)),
            Of(new StepBlock([Add(1)], 0)),
            Of(new StepBlock([Add(1)], 1 << 25)),
            Of(new StepBlock([Add(0)], 1)),
            Of(new StepBlock([Add(int.MaxValue) with { Outputs = int.MaxValue }], 1)),
            Of(new StepBlock([attention], 1)),
            Of(new StepBlock([Add(1) with { Label = "x" }], 1)),
            Of(new StepBlock([Add(1) with { Kind = OperatorKind.Opaque }], 1)),
            Of(new StepBlock([Add(1) with { Kind = OperatorKind.Opaque, Label = "\ud800" }], 1)),
            Of(new StepBlock([Add(1)], 2) { Sources = [new(1, 0)] }),
            Of(new StepBlock([Add(1)], 2) { Sources = [default, default] }),
        ];
        foreach (Step step in wrong)
        {
            Assert.Throws<ArgumentException>(() => Write(Name(".jsonl"), RandomTrace.Plain, [step]));
            Assert.Throws<ArgumentException>(() => Write(Name(".parquet"), RandomTrace.Plain, [step]));
        }

        static Step Of(StepBlock block) => EmptyStep(0) with { Blocks = [block] };
    }

    [Theory]
    [InlineData("trace.csv", "those end with .parquet, .jsonl, .jsonl.gz")]
    [InlineData("none.parquet", "cannot be read")]
    [InlineData("none.jsonl", "cannot be read")]
    public void A_file_that_is_none_is_refused(string name, string message) =>
        Assert.Contains(message, Assert.Throws<PimSimUserException>(() => TraceFile.Open(Path.Combine(_folder, name))).Message, StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Write(string path, TraceHeader header, IEnumerable<Step> steps) => TraceFile.Write(path, header, steps, TestContext.Current.CancellationToken);

    private static Step EmptyStep(int index) => new(index, Phase.Decode, [], 0);

    private static Operator Add(int rows) => new() { Kind = OperatorKind.Add, Role = OperatorRole.Residual, Phase = Phase.Decode, Rows = rows, Outputs = 1 };

    private string Name(string extension) => Path.Combine(_folder, $"{Guid.NewGuid():N}{extension}");
}
