using PimSim.Devices.Systems;
using PimSim.Experiments.Claims;
using PimSim.Experiments.Files;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving;
using PimSim.Simulator.Serving.Metrics;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Models;

namespace PimSim.Experiments.Serving;

/// <summary>Reads experiment files with a <c>serving</c> section; docs/serving.md has the keys.</summary>
public static class ServingExperimentReader
{
    private const int MostReplicas = 4096;

    private static readonly string[] PolicyWords = ["vllm", "sarathi", "orca", "static"];
    private static readonly string[] RouterWords = ["round-robin", "least-loaded"];

    /// <summary>Reads and checks an experiment.</summary>
    /// <exception cref="PimSimUserException">Something is wrong; one line per problem.</exception>
    public static ServingExperiment Read(ExperimentFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        (DataNode root, ProblemList problems, InputFiles inputs) = (file.Root, file.Problems, file.Inputs);
        string title = root.Required("title").Text();
        string? userFolder = ExperimentReader.UserFolder(file);
        HardwareCatalogue hardware = new(userFolder, inputs);
        ModelZoo zoo = ExperimentReader.Zoo(userFolder, inputs);
        List<(string, ModelShape)> models = ExperimentReader.ReadModels(root, zoo, problems);
        List<ExperimentSystem> systems = ExperimentReader.ReadSystems(root, hardware, problems);
        DataNode serving = root.Required("serving");
        string policy = serving.Optional("policy").Word(PolicyWords, "vllm");
        string router = serving.Optional("router").Word(RouterWords, "round-robin");
        int replicas = (int)serving.Optional("replicas").Integer(1, MostReplicas, 1);
        string prefill = serving.Optional("prefill").Word(["included", "excluded"], "included");
        KvLink? swap = ReadSwap(serving, policy);
        (int decodeReplicas, KvLink? link) = ReadDisaggregation(serving);
        DataNode lengthNode = serving.Optional("modelTokens");
        int? modelTokens = lengthNode.Exists ? (int)lengthNode.Integer(2, 1 << 20, 2) : null;
        ServingLimits limits = ReadLimits(serving.Optional("limits"));
        ServiceLevels? levels = ReadLevels(serving.Optional("serviceLevels"));
        var technique = ChosenTechnique.Read(serving, userFolder, inputs);
        serving.RejectUnknownKeys();
        RequestsReader requests = new(file);
        DataNode requestsNode = root.Required("requests");
        if (requestsNode.Exists)
        {
            requests.Read(requestsNode);
        }

        List<Claim> claims = ExperimentReader.ReadClaims(root, inputs, problems);
        root.RejectUnknownKeys();
        problems.ThrowIfAny();
        return new ServingExperiment
        {
            Title = title,
            Models = models,
            Systems = systems,
            Replicas = replicas,
            Router = router == RouterWords[0] ? () => new RoundRobinRouter() : () => new LeastLoadedRouter(),
            Policy = policy switch
            {
                "vllm" => new VllmPolicy(swap),
                "sarathi" => new SarathiPolicy(swap),
                "orca" => new OrcaPolicy(),
                _ => new StaticBatchPolicy(),
            },
            Technique = technique,
            Limits = limits,
            SaysBlockTokens = serving.Optional("limits").Optional("blockTokens").Exists,
            ServiceLevels = levels,
            Loads = requests.Loads,
            Requests = requests.Requests,
            ClosedLoop = requests.ClosedLoop,
            ModelTokens = modelTokens,
            ExcludesPrefill = prefill == "excluded",
            Measured = MeasuredService.Of(requests.Measured),
            DecodeReplicas = decodeReplicas,
            KvLink = link,
            Workload = technique.IsPlain ? requests.Words : $"{requests.Words}; {technique.Words}",
            Claims = claims,
            Seed = requests.Seed,
            InputHash = inputs.Hash(),
        };
    }

    private static KvLink? ReadSwap(DataNode serving, string policy)
    {
        DataNode bandwidth = serving.Optional("swapBandwidth");
        if (!bandwidth.Exists)
        {
            return null;
        }

        if (policy is "orca" or "static")
        {
            bandwidth.Report($"policy {policy} reserves memory up front and never swaps; 'swapBandwidth' goes with vllm and sarathi");
        }

        double bytesPerSecond = (double)bandwidth.Quantity(Dimension.Bandwidth);
        if (bytesPerSecond > 0)
        {
            return new KvLink(bytesPerSecond, Picoseconds.Zero);
        }

        bandwidth.Report("0 moves nothing; leave the key out to compute preempted sequences again");
        return null;
    }

    private static (int Replicas, KvLink? Link) ReadDisaggregation(DataNode serving)
    {
        DataNode decode = serving.Optional("decodeReplicas");
        DataNode link = serving.Optional("kvLink");
        if (!decode.Exists)
        {
            if (link.Exists)
            {
                link.Report("goes with 'decodeReplicas': caches move only between replicas that read prompts and those that generate");
            }

            return (0, null);
        }

        int count = (int)decode.Integer(1, MostReplicas, 1);
        DataNode needed = serving.Required("kvLink");
        double bytesPerSecond = (double)needed.Required("bandwidth").Quantity(Dimension.Bandwidth);
        Picoseconds latency = new((long)needed.Optional("latency").Quantity(Dimension.Time, 0));
        needed.RejectUnknownKeys();
        if (bytesPerSecond > 0)
        {
            return (count, new KvLink(bytesPerSecond, latency));
        }

        if (needed.Exists)
        {
            needed.Optional("bandwidth").Report("0 moves nothing");
        }

        return (count, null);
    }

    private static ServingLimits ReadLimits(DataNode node)
    {
        ServingLimits limits = new();
        limits = limits with
        {
            MaxSequences = (int)node.Optional("maxSequences").Integer(1, 1 << 20, limits.MaxSequences),
            MaxBatchedTokens = (int)node.Optional("maxBatchedTokens").Integer(1, 1 << 24, limits.MaxBatchedTokens),
            BlockTokens = (int)node.Optional("blockTokens").Integer(1, 1 << 16, limits.BlockTokens),
            Watermark = (double)node.Optional("watermark").Quantity(Dimension.Ratio, (decimal)limits.Watermark),
            PrefixBlockTokens = (int)node.Optional("prefixBlockTokens").Integer(0, 1 << 20, limits.PrefixBlockTokens),
        };
        node.RejectUnknownKeys();
        return limits;
    }

    private static ServiceLevels? ReadLevels(DataNode node)
    {
        if (!node.Exists)
        {
            return null;
        }

        ServiceLevels levels = new(
            new Picoseconds((long)node.Required("timeToFirstToken").Quantity(Dimension.Time)),
            new Picoseconds((long)node.Required("timePerOutputToken").Quantity(Dimension.Time)));
        node.RejectUnknownKeys();
        return levels;
    }
}
