using PimSim.Devices.Pim;
using PimSim.Devices.Systems;
using PimSim.Experiments.Running;
using PimSim.Simulator.Replay;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads;
using PimSim.Workloads.Parallelism;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Idealised;

/// <summary>Profiles every model on every system, one request at a time, and puts what it took into a formula.</summary>
public static class IdealisedRunner
{
    /// <summary>Makes sure that every model fits every system and its own context, before anything is simulated.</summary>
    /// <exception cref="PimSimUserException">Something does not fit; one line each.</exception>
    public static void Check(IdealisedExperiment experiment)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        List<string> faults = [];
        foreach ((string name, ModelShape shape) in experiment.Models)
        {
            foreach (IdealisedSystem system in experiment.Systems)
            {
                try
                {
                    Source(shape, Place(experiment, name, shape, system), new RequestSizes(1, experiment.MostTokens));
                }
                catch (PimSimUserException fault)
                {
                    faults.Add(fault.Message);
                }
            }
        }

        if (faults.Count > 0)
        {
            throw new PimSimUserException(string.Join(Environment.NewLine, faults.Distinct()));
        }
    }

    /// <summary>Runs all points. The result is the same whatever the number of threads.</summary>
    /// <param name="experiment">What to run.</param>
    /// <param name="threads">Points simulated at once.</param>
    /// <param name="onPoint">Called from any thread after each point.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    /// <exception cref="PimSimUserException">A model does not fit a system.</exception>
    public static IdealisedExperimentResult Run(IdealisedExperiment experiment, int threads, Action? onPoint, CancellationToken cancellation)
    {
        Check(experiment);
        var points = new IdealisedPoint[experiment.Models.Count * experiment.Systems.Count];
        Parallel.For(0, points.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, index =>
        {
            (string name, ModelShape shape) = experiment.Models[index / experiment.Systems.Count];
            IdealisedSystem system = experiment.Systems[index % experiment.Systems.Count];
            points[index] = RunPoint(experiment, name, shape, system.Label, Place(experiment, name, shape, system), cancellation);
            onPoint?.Invoke();
        });

        return new IdealisedExperimentResult
        {
            Title = experiment.Title,
            Version = ExperimentRunner.Version,
            InputHash = experiment.InputHash,
            Canonical = experiment.Canonical,
            Points = points,
            Claims = [.. experiment.Claims.Select(claim => IdealisedClaims.Evaluate(claim, points)).OfType<IdealisedClaimResult>()],
        };
    }

    private static SystemDefinition Place(IdealisedExperiment experiment, string name, ModelShape shape, IdealisedSystem system) =>
        system.For(shape, experiment.MostTokens, experiment.Gpus.TryGetValue(name, out int count) ? count : null);

    private static IdealisedPoint RunPoint(IdealisedExperiment experiment, string name, ModelShape shape, string label, SystemDefinition system, CancellationToken cancellation)
    {
        Func<IDevice> devices = system.CreateFactory(new PimSimulation(Accelerate: true));
        List<ProfiledRequest> Simulate(int promptTokens, IReadOnlyList<int> outputs) =>
            Profile(devices(), Source(shape, system, new RequestSizes(promptTokens, outputs[^1])), promptTokens, outputs, cancellation);

        List<ProfiledRequest> profile = [.. experiment.PromptTokens.SelectMany(prompt => Simulate(prompt, experiment.OutputTokens))];
        var runtime = RequestModel.Fit(profile, one => one.Seconds);
        var energy = RequestModel.Fit(profile, one => one.Joules);
        List<IdealisedRequest> requests = [];
        foreach ((int prompt, int output) in experiment.Requests)
        {
            ProfiledRequest simulated = Simulate(prompt, [output])[0];
            (double seconds, double joules) = (runtime.Of(prompt, output), energy.Of(prompt, output));
            double dollars = system.Price.DollarsPerHour(joules / seconds) * seconds / 3600;
            bool heldOut = !experiment.PromptTokens.Contains(prompt) || !experiment.OutputTokens.Contains(output);
            requests.Add(new IdealisedRequest(prompt, output, heldOut, seconds, joules, dollars, simulated.Seconds, simulated.Joules));
        }

        return new IdealisedPoint
        {
            Model = name,
            System = label,
            Gpus = system.Ranks,
            Runtime = runtime,
            Energy = energy,
            Profile = profile,
            Requests = requests,
            PriceBasis = system.Price.Basis,
        };
    }

    private static IStepSource Source(ModelShape shape, SystemDefinition system, RequestSizes sizes)
    {
        GenerationSource whole = new(shape, new Autoregressive(), new GenerationRequest(sizes.PromptTokens, sizes.OutputTokens, 1));
        return system.Ranks == 1 ? whole : new TensorParallelism(shape, system.Ranks).Shard(whole);
    }

    /// <summary>A request of the longest output has all shorter ones in it: what was booked when their last token was there.</summary>
    private static List<ProfiledRequest> Profile(IDevice device, IStepSource source, int promptTokens, IReadOnlyList<int> outputs, CancellationToken cancellation)
    {
        List<ProfiledRequest> requests = [];
        int tokens = 0;
        new TraceReplay(device).Run(
            source,
            _ =>
            {
                if (outputs.Contains(++tokens))
                {
                    requests.Add(new ProfiledRequest(promptTokens, tokens, device.Ledger.TotalTime.Seconds, device.Ledger.TotalEnergy.Joules));
                }
            },
            cancellation);
        return requests;
    }
}
