using MathNet.Numerics.Distributions;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Requests;
using PimSim.Workloads.Requests;
using Xunit;

namespace PimSim.Workloads.Tests.Requests;

public class RequestStreamTests
{
    private const int Count = 20_000;

    private static readonly IndependentLengths Short = new(UniformTokens.Fixed(3), UniformTokens.Fixed(5));

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Times_between_requests_follow_their_distribution(int seed)
    {
        Random random = new(seed);
        double rate = Math.Pow(10, (random.NextDouble() * 3) - 2);
        double[] poisson = Gaps(RandomArrivals.Poisson(rate), seed);
        GoodnessOfFit.Require(poisson, gap => 1 - Math.Exp(-rate * gap));
        Assert.InRange(poisson.Average() * rate, 0.96, 1.04);

        double variation = 0.1 + (1.2 * random.NextDouble());
        double[] gamma = Gaps(RandomArrivals.Gamma(rate, variation), seed);
        double shape = 1 / (variation * variation);
        GoodnessOfFit.Require(gamma, gap => Gamma.CDF(shape, shape * rate, gap));
        double mean = gamma.Average();
        Assert.InRange(mean * rate, 1 - (0.035 * variation), 1 + (0.035 * variation));
        Assert.InRange(Math.Sqrt(gamma.Average(gap => (gap - mean) * (gap - mean))) / mean / variation, 0.93, 1.07);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Lengths_follow_their_distribution(int seed)
    {
        Random random = new(seed);
        int least = random.Next(1, 50);
        int most = least + random.Next(1, 3000);
        double median = least + (random.NextDouble() * (most - least));
        double sigma = 0.1 + (2 * random.NextDouble());
        double theta = 2 * random.NextDouble();
        GoodnessOfFit.Require(Inputs(new UniformTokens(least, most), seed), k => (k - least + 1) / (most - least + 1));
        GoodnessOfFit.Require(Inputs(new LogNormalTokens(median, sigma, least, most), seed), k => k >= most ? 1 : LogNormal.CDF(Math.Log(median), sigma, k + 0.5));

        double[] weights = [.. Enumerable.Range(1, most - least + 1).Select(k => Math.Pow(k, -theta))];
        double total = weights.Sum();
        double[] below = new double[weights.Length];
        double sum = 0;
        for (int k = 0; k < weights.Length; k++)
        {
            below[k] = (sum += weights[k]) / total;
        }

        GoodnessOfFit.Require(Inputs(new ZipfTokens(least, most, theta), seed), k => below[(int)k - least]);
    }

    [Fact]
    public void Prompt_and_output_are_independent_and_a_split_keeps_the_total()
    {
        Request[] drawn = [.. Stream(new IndependentLengths(new UniformTokens(1, 1000), new UniformTokens(1, 1000)), 7).Requests()];
        double covariance = drawn.Average(request => (request.InputTokens - 500.5) * (request.OutputTokens - 500.5));
        Assert.InRange(covariance / (1_000_000 / 12.0), -0.03, 0.03);

        Assert.All(Stream(new SplitLengths(new UniformTokens(2, 500), 4), 7).Requests(), request =>
        {
            int total = request.InputTokens + request.OutputTokens;
            Assert.InRange(total, 2, 500);
            Assert.True(request.InputTokens > 0 && request.OutputTokens > 0);
            Assert.True(total < 5 || Math.Abs(request.OutputTokens - (total / 5.0)) <= 0.5);
        });
    }

    [Fact]
    public void Drawn_pairs_are_those_of_the_trace_as_often_and_failed_requests_are_left_out()
    {
        Trace trace = new(new(0, 10, 1), new(5, 20, 2), new(6, 20, 2), new(9, 7, 0), new(9, 30, 3));
        EmpiricalLengths lengths = new(trace);
        Assert.Equal(1, lengths.LeftOut);
        Dictionary<(int, int), int> drawn = Stream(lengths, 3).Requests().CountBy(request => (request.InputTokens, request.OutputTokens)).ToDictionary();
        double expected = Count / 4.0;
        double chiSquare = Math.Pow(drawn[(10, 1)] - expected, 2) / expected
            + (Math.Pow(drawn[(20, 2)] - (2 * expected), 2) / (2 * expected))
            + (Math.Pow(drawn[(30, 3)] - expected, 2) / expected);
        Assert.Equal(3, drawn.Count);

        // Quantile 0.999 for two degrees of freedom.
        Assert.InRange(chiSquare, 0, 13.8);
    }

    [Fact]
    public void The_same_seed_gives_the_same_stream_in_order_and_another_seed_another()
    {
        RequestStream Make(ulong seed) => new(
            RandomArrivals.Gamma(20, 2), new IndependentLengths(new LogNormalTokens(300, 1, 1, 4000), new ZipfTokens(1, 500, 0.9)), seed, 2000, sharing: new PrefixSharing(4, 64, 16));
        Request[] first = [.. Make(1).Requests()];
        RequestStream again = Make(1);
        Assert.Equal(first, again.Requests());
        Assert.Equal(first, again.Requests());
        Assert.NotEqual(first, Make(2).Requests());
        Assert.Equal(0, first[0].ArrivalNanoseconds);
        Assert.All(first.Zip(first.Skip(1)), pair => Assert.True(pair.First.ArrivalNanoseconds <= pair.Second.ArrivalNanoseconds));
    }

    [Fact]
    public void Every_machine_and_release_draws_these_requests()
    {
        RequestStream stream = new(RandomArrivals.Gamma(20, 2), new IndependentLengths(new LogNormalTokens(300, 1, 1, 4000), new ZipfTokens(1, 500, 0.9)), 1, 4);
        Assert.Equal("0 86 11; 98 1121 124; 558518 385 80; 601986 512 11", string.Join("; ", stream.Requests().Select(request => $"{request.ArrivalNanoseconds} {request.InputTokens} {request.OutputTokens}")));
    }

    [Fact]
    public void Recorded_requests_come_as_recorded_or_at_a_rate_in_their_pattern()
    {
        Trace trace = new(new Request(50, 10, 1) { PrefixBlocks = [4, 5], Session = "a" }, new(1050, 20, 2), new(4050, 30, 0));
        Request[] recorded = [.. new RequestStream(new RecordedArrivals(trace), new RecordedLengths(trace), 1).Requests()];
        Assert.Equal(trace.Requests().Select(request => request with { ArrivalNanoseconds = request.ArrivalNanoseconds - 50 }), recorded);

        Request[] stretched = [.. new RequestStream(new RecordedArrivals(trace, 2), Short, 1).Requests()];
        Assert.Equal([0L, 250_000_000, 1_000_000_000], stretched.Select(request => request.ArrivalNanoseconds));
        Assert.Equal([0L, 1000], new RequestStream(new RecordedArrivals(trace), Short, 1, durationNanoseconds: 4000).Requests().Select(request => request.ArrivalNanoseconds));
    }

    [Fact]
    public void A_real_trace_passes_unchanged()
    {
        var azure = (ImportedRequests)TraceImport.Open(SharedData.Require("realgpu/traces-azure/AzureLLMInferenceTrace_conv.csv"));
        Assert.Equal(azure.Requests(), new RequestStream(new RecordedArrivals(azure), new RecordedLengths(azure), 1).Requests());
        Request[] fast = [.. new RequestStream(new RecordedArrivals(azure, 50), new EmpiricalLengths(azure), 1).Requests()];
        Assert.InRange((fast.Length - 1) / (fast[^1].ArrivalNanoseconds / 1e9), 49.9999, 50.0001);
    }

    [Fact]
    public void Constant_and_simultaneous_arrivals_are_what_they_say()
    {
        Assert.Equal([0L, 333_333_333, 666_666_666, 1_000_000_000], new RequestStream(new ConstantArrivals(3), Short, 1, 4).Requests().Select(request => request.ArrivalNanoseconds));
        Assert.All(new RequestStream(new SimultaneousArrivals(), Short, 1, 10).Requests(), request => Assert.Equal(0, request.ArrivalNanoseconds));
        Assert.Equal(5, new RequestStream(new ConstantArrivals(1000), Short, 1, durationNanoseconds: 5_000_000).Requests().Count());
    }

    [Fact]
    public void Shared_prompts_stand_before_the_requests_and_name_their_whole_blocks()
    {
        Request[] drawn = [.. new RequestStream(new SimultaneousArrivals(), Short, 1, Count, sharing: new PrefixSharing(5, 70, 16)).Requests()];
        Assert.All(drawn, request => Assert.Equal((73, 4), (request.InputTokens, request.PrefixBlocks.Length)));
        long[][] prompts = [.. drawn.Select(request => request.PrefixBlocks.ToArray()).DistinctBy(blocks => blocks[0])];
        Assert.Equal(5, prompts.Length);
        Assert.Equal(20, prompts.SelectMany(blocks => blocks).Distinct().Count());
        Assert.All(drawn.CountBy(request => request.PrefixBlocks[0]), prompt => Assert.InRange(prompt.Value, 3700, 4300));
    }

    [Fact]
    public void A_long_stream_is_not_kept()
    {
        RequestStream stream = new(RandomArrivals.Poisson(10), new IndependentLengths(new UniformTokens(1, 9), new UniformTokens(1, 9)), 1, 200_000, sharing: new PrefixSharing(2, 32, 16));
        long before = GC.GetAllocatedBytesForCurrentThread();
        long tokens = 0;
        foreach (Request request in stream.Requests())
        {
            tokens += request.InputTokens;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.True(tokens > 200_000L * 32);
    }

    [Fact]
    public void What_makes_no_stream_is_the_users_error()
    {
        Trace empty = new();
        Trace backwards = new(new(10, 1, 1), new(5, 1, 1));
        Trace together = new(new(10, 1, 1), new(10, 1, 1));
        (Func<object> Wrong, string Says)[] cases =
        [
            (() => RandomArrivals.Poisson(0), "rate of 0"),
            (() => RandomArrivals.Poisson(double.NaN), "rate of NaN"),
            (() => new ConstantArrivals(-1), "rate of -1"),
            (() => RandomArrivals.Gamma(1, 0), "variation of 0"),
            (() => new UniformTokens(-5, 4), "-5 to 4"),
            (() => UniformTokens.Fixed(0), "0 to 0"),
            (() => new LogNormalTokens(-1, 1, 1, 9), "median of -1"),
            (() => new LogNormalTokens(5, 0, 1, 9), "sigma of 0"),
            (() => new ZipfTokens(1, 9, double.NaN), "theta of NaN"),
            (() => new SplitLengths(UniformTokens.Fixed(9), 0), "0 prompt tokens"),
            (() => Stream(new SplitLengths(UniformTokens.Fixed(1), 1), 1).Requests().Count(), "cannot be split"),
            (() => new PrefixSharing(1, 8, 16), "8 tokens in blocks of 16"),
            (() => new EmpiricalLengths(empty), "empty"),
            (() => new EmpiricalLengths(new Trace(new Request(0, 1, 0))), "none of the 1"),
            (() => new RequestStream(new RecordedArrivals(empty), Short, 1).Requests().Count(), "empty"),
            (() => new RequestStream(new ConstantArrivals(1), new RecordedLengths(empty), 1).Requests().Count(), "empty"),
            (() => new RequestStream(new ConstantArrivals(1), new RecordedLengths(new Trace(new Request(0, -1, 1))), 1).Requests().Count(), "-1 prompt tokens"),
            (() => new RequestStream(new RecordedArrivals(backwards), Short, 1).Requests().Count(), "request 2"),
            (() => new RequestStream(new RecordedArrivals(together, 1), Short, 1).Requests().Count(), "at once"),
            (() => new RequestStream(new ConstantArrivals(1e-9), Short, 1, 20).Requests().Count(), "later than"),
            (() => new RequestStream(RandomArrivals.Poisson(1e-9), Short, 1, 100).Requests().Count(), "later than"),
            (() => new RequestStream(new ConstantArrivals(1), Short, 1), "without end"),
            (() => new RequestStream(new SimultaneousArrivals(), Short, 1, durationNanoseconds: 5), "not ended by a duration"),
            (() => new RequestStream(new ConstantArrivals(1), Short, 1, 0), "limit of 0"),
            (() => new RequestStream(new ConstantArrivals(1), Short, 1, 1, -1), "duration of -1"),
        ];
        Assert.All(cases, one => Assert.Contains(one.Says, Assert.Throws<PimSimUserException>(one.Wrong).Message, StringComparison.Ordinal));
    }

    private static double[] Gaps(IArrivals arrivals, int seed)
    {
        long[] times = [.. new RequestStream(arrivals, Short, (ulong)seed, Count + 1).Requests().Select(request => request.ArrivalNanoseconds)];
        return [.. times.Zip(times.Skip(1)).Select(pair => (pair.Second - pair.First) / 1e9)];
    }

    private static IEnumerable<double> Inputs(ITokenCounts counts, int seed) =>
        Stream(new IndependentLengths(counts, UniformTokens.Fixed(1)), (ulong)seed).Requests().Select(request => (double)request.InputTokens);

    private static RequestStream Stream(IRequestLengths lengths, ulong seed) => new(new SimultaneousArrivals(), lengths, seed, Count);

    private sealed class Trace(params Request[] requests) : IRequestSource
    {
        public IEnumerable<Request> Requests() => requests;
    }
}
