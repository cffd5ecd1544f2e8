using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Requests;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Batching;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.Batching;

public class FusedRequestsTests
{
    private static readonly int[] Prompt = [7, 3, 11, 29];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_request_gets_the_text_that_it_would_get_alone(long seed)
    {
        GenerationRequest request = Request(seed, ("requests", [6]), ("gapMilliseconds", [25]), ("poisson", [1]), ("randomLengths", [1]));
        List<long> plain = TechniqueRuns.Text(TechniqueRuns.OnCpu(new Autoregressive(), TechniqueRuns.SmallLlama, request, Prompt));
        Dictionary<long, List<long>> texts = [];
        foreach (Step step in TechniqueRuns.OnCpu(new FusedRequests(), TechniqueRuns.SmallLlama, request, Prompt))
        {
            List<long> numbers = TechniqueRuns.Decisions([step], FusedRequests.RequestsDecision);
            List<long> tokens = TechniqueRuns.Text([step]);
            Assert.Equal((numbers.Count, numbers.Count), (tokens.Count, step.CommittedTokens));
            for (int row = 0; row < numbers.Count; row++)
            {
                texts.TryAdd(numbers[row], []);
                texts[numbers[row]].Add(tokens[row]);
            }
        }

        Request[] requests = [.. RequestPlan.Read(request.Settings).Source(4, 16, (ulong)seed).Requests()];
        Assert.Equal(requests.Select(one => one.OutputTokens), texts.OrderBy(text => text.Key).Select(text => text.Value.Count));
        Assert.All(texts.Values, text => Assert.Equal(plain.Take(text.Count), text));
        Assert.Contains(requests, one => one.OutputTokens < 16);
    }

    [Theory]
    [InlineData(0, 0, 0, 4)]
    [InlineData(20, 0, 0, 32)]
    [InlineData(20, 1, 0, 32)]
    [InlineData(35, 1, 1, 32)]
    [InlineData(5, 1, 1, 3)]
    [InlineData(400, 1, 1, 32)]
    [InlineData(10, 0, 1, 1)]
    public void Iterations_and_batches_are_those_of_a_plain_recomputation(double gap, double poisson, double lengths, double concurrent)
    {
        for (long seed = 0; seed < 5; seed++)
        {
            GenerationRequest request = Request(seed, ("requests", [12]), ("gapMilliseconds", [gap]), ("poisson", [poisson]), ("randomLengths", [lengths]), ("concurrent", [concurrent]));
            List<Step> steps = TechniqueRuns.OnShape(new FusedRequests(), TechniqueRuns.SmallLlama, request);
            Request[] requests = [.. RequestPlan.Read(request.Settings).Source(4, 16, (ulong)seed).Requests()];
            Assert.Equal(12, requests.Length);
            List<string> expected = [];
            int[] made = new int[12];
            int[] joined = [.. Enumerable.Repeat(int.MaxValue, 12)];
            for (int now = 0; made.Where((tokens, index) => tokens < requests[index].OutputTokens).Any(); now++)
            {
                bool Runs(int index) => joined[index] < now && made[index] < requests[index].OutputTokens;
                int[] batch = [.. Enumerable.Range(0, 12).Where(Runs)];
                int room = (int)concurrent - batch.Length;
                for (int index = 0; index < 12; index++)
                {
                    // First come, first served; a request that is still to come keeps nobody behind it from coming, as those come later.
                    if (joined[index] == int.MaxValue && requests[index].ArrivalNanoseconds <= now * 10e6 && room > 0)
                    {
                        joined[index] = now;
                        made[index] = 1;
                        room--;
                        expected.Add($"Prefill {index}");
                    }
                }

                if (batch.Length > 0)
                {
                    expected.Add("Decode " + string.Join(',', batch));
                    Array.ForEach(batch, index => made[index]++);
                }
            }

            Assert.Equal(expected, steps.Select(step => $"{step.Phase} {string.Join(',', TechniqueRuns.Decisions([step], FusedRequests.RequestsDecision))}"));
            Assert.Equal(requests.Sum(one => one.OutputTokens), TechniqueRuns.Committed(steps));
        }
    }

    [Fact]
    public void A_pass_has_a_row_for_each_request_and_an_attention_of_its_own()
    {
        List<Step> steps = TechniqueRuns.OnShape(new FusedRequests(), TechniqueRuns.SmallLlama, Request(0, ("requests", [5]), ("gapMilliseconds", [10])));
        Step full = steps.First(step => step.CommittedTokens == 5);
        Operator[] operators = [.. full.Blocks.SelectMany(block => Enumerable.Repeat(block, block.Repeat)).SelectMany(block => block.Operators)];
        Assert.Equal([5], operators.Where(op => op.Kind == OperatorKind.Gemm).Select(op => op.Rows).Distinct());
        Assert.Equal(3 * 5, operators.Count(op => op.Kind == OperatorKind.Attention));
        Assert.Equal([9, 8, 7, 6, 5], operators.Where(op => op.Kind == OperatorKind.Attention).Take(5).Select(op => op.Context));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Assert.Throws<PimSimUserException>(() => TechniqueRuns.OnShape(new FusedRequests(), TechniqueRuns.SmallLlama, Request(0, ("iterationMilliseconds", [0]))));
        Assert.Throws<PimSimUserException>(() => TechniqueRuns.OnShape(
            new FusedRequests(), TechniqueRuns.SmallLlama, TechniqueRuns.Request(4, 16, TechniqueRuns.Settings("flover", ("iterationMilliseconds", [10])), sequences: 2)));
    }

    private static GenerationRequest Request(long seed, params (string, double[])[] changes) =>
        TechniqueRuns.Request(4, 16, TechniqueRuns.Settings("flover", [("iterationMilliseconds", [10]), .. changes]), seed: seed);
}
