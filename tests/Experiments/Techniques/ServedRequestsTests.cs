using PimSim.Experiments.Techniques;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Requests;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.Batching;
using System.Collections.Immutable;
using Xunit;

namespace PimSim.Experiments.Tests.Techniques;

public class ServedRequestsTests
{
    [Theory]
    [InlineData(0, 0, 0, 32)]
    [InlineData(30, 0, 0, 32)]
    [InlineData(30, 1, 1, 32)]
    [InlineData(30, 1, 1, 3)]
    [InlineData(900, 1, 0, 32)]
    [InlineData(7, 0, 1, 1)]
    public void Iterations_times_and_latencies_are_those_of_a_plain_recomputation(double gap, double poisson, double lengths, double concurrent)
    {
        TechniqueSettings settings = TechniqueCatalogue.Shipped.Get("flover").Settings.With(new (string Name, double Value)[]
        {
            ("requests", 20), ("gapMilliseconds", gap), ("poisson", poisson), ("randomLengths", lengths), ("concurrent", concurrent), ("iterationMilliseconds", 10), ("draws", 1),
        }.Select(change => KeyValuePair.Create(change.Name, ImmutableArray.Create(change.Value))));
        ModelShape model = new ModelZoo([ModelZoo.ShippedFolder]).Shape("gpt-j-6b");
        TechniqueRun run = new("flover", "gpt-j-6b", new RunHardware(null, "a100-80", "fastertransformer-2023", 1), 8, 40, 1, "");
        TechniqueResult result = ServedRequests.Run(run, settings, model, () => throw new InvalidOperationException("no device is needed"), 1);

        Request[] requests = [.. RequestPlan.Read(settings).Source(8, 40, 0).Requests()];
        long[] arrivals = [.. requests.Select(request => request.ArrivalNanoseconds)];
        int[] left = [.. requests.Select(request => request.OutputTokens)];
        long[] ended = new long[20];
        List<int> active = [];
        int came = 0;
        int iterations = 0;
        long now = 0;
        while (left.Any(tokens => tokens > 0))
        {
            if (active.Count == 0 && came < 20)
            {
                now = Math.Max(now, arrivals[came]);
            }

            while (came < 20 && active.Count < concurrent && arrivals[came] <= now)
            {
                active.Add(came++);
            }

            now += 10_000_000;
            iterations++;
            foreach (int index in active.ToArray())
            {
                if (--left[index] == 0)
                {
                    ended[index] = now;
                    active.Remove(index);
                }
            }
        }

        Assert.Equal(iterations, result.Steps);
        Assert.Equal(requests.Sum(request => request.OutputTokens), result.Tokens);
        Assert.Equal(1e-9 * now, result.Seconds, 1e-9);
        Assert.Equal(1e-9 * ended.Zip(arrivals, (end, start) => end - start).Average(), result.MeanLatencySeconds!.Value, 1e-6);
    }
}
