using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Idealised;

/// <summary>Reads experiment files with an <c>idealised</c> section; docs/idealised.md has the keys.</summary>
public static class IdealisedExperimentReader
{
    private const int MostTokens = 1 << 20;
    private const int MostGpus = 16;

    /// <summary>Reads and checks an experiment.</summary>
    /// <exception cref="PimSimUserException">Something is wrong; one line per problem.</exception>
    public static IdealisedExperiment Read(ExperimentFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        (DataNode root, ProblemList problems, InputFiles inputs) = (file.Root, file.Problems, file.Inputs);
        string title = root.Required("title").Text();
        string? userFolder = ExperimentReader.UserFolder(file);
        HardwareCatalogue hardware = new(userFolder, inputs);
        List<(string Name, ModelShape Shape)> models = ExperimentReader.ReadModels(root, ExperimentReader.Zoo(userFolder, inputs), problems);
        List<ExperimentSystem> systems = ExperimentReader.ReadSystems(root, hardware, problems);
        DataNode section = root.Required("idealised");
        int[] prompts = ReadSizes(section.Required("promptTokens"), 1);
        DataNode outputNode = section.Required("outputTokens");
        int[] outputs = ReadSizes(outputNode, 2);
        if (outputNode.Exists && outputs[0] != 1)
        {
            outputNode.Report("1 is missing: the part of the prompt is the runtime with one output token");
        }

        List<RequestSizes> requests = [];
        foreach (DataNode item in section.Optional("requests").Items())
        {
            requests.Add(new RequestSizes((int)item.Required("promptTokens").Integer(1, MostTokens, 1), (int)item.Required("outputTokens").Integer(1, MostTokens, 1)));
            item.RejectUnknownKeys();
        }

        Dictionary<string, int> gpus = ReadGpus(section.Optional("gpus"), models);
        DataNode canonicalNode = section.Optional("canonical");
        string canonical = canonicalNode.Text(systems.Count > 0 ? systems[0].Label : "");
        if (canonicalNode.Exists && !systems.Exists(system => system.Label == canonical))
        {
            canonicalNode.Report($"the experiment has no system '{canonical}'; {NearestWord.Suggest(canonical, [.. systems.Select(system => system.Label)])}");
        }

        section.RejectUnknownKeys();
        List<IdealisedClaim> claims = IdealisedClaims.ReadAll(root.Optional("claims"), inputs, problems);
        root.RejectUnknownKeys();
        List<IdealisedSystem> scalable = Scalable(root, systems, hardware);
        problems.ThrowIfAny();
        return new IdealisedExperiment
        {
            Title = title,
            Models = models,
            Systems = scalable,
            Canonical = canonical,
            PromptTokens = prompts,
            OutputTokens = outputs,
            Requests = requests,
            Gpus = gpus,
            Claims = claims,
            InputHash = inputs.Hash(),
        };
    }

    private static List<IdealisedSystem> Scalable(DataNode root, List<ExperimentSystem> systems, HardwareCatalogue hardware)
    {
        List<IdealisedSystem> scalable = [];
        foreach (ExperimentSystem system in systems)
        {
            try
            {
                scalable.Add(IdealisedSystem.Of(system, hardware));
            }
            catch (PimSimUserException fault)
            {
                root.Optional("systems").Report(fault.Message);
            }
        }

        return scalable;
    }

    /// <summary>Token counts, ascending; harmless ones where the list is wrong.</summary>
    private static int[] ReadSizes(DataNode node, int least)
    {
        SortedSet<int> sizes = [];
        foreach (DataNode item in node.Items())
        {
            if (!sizes.Add((int)item.Integer(1, MostTokens, 1)))
            {
                item.Report($"{item.RawText} is listed twice, or no number of tokens");
            }
        }

        if (node.Exists && sizes.Count < least)
        {
            node.Report($"{sizes.Count} are too few; {least} or more are needed");
        }

        return sizes.Count > 0 ? [.. sizes] : [1];
    }

    private static Dictionary<string, int> ReadGpus(DataNode node, List<(string Name, ModelShape Shape)> models)
    {
        Dictionary<string, int> gpus = new(StringComparer.Ordinal);
        foreach ((string model, DataNode count) in node.Exists ? node.Entries() : [])
        {
            if (!models.Exists(known => known.Name == model))
            {
                count.Report($"the experiment has no model '{model}'; {NearestWord.Suggest(model, [.. models.Select(known => known.Name)])}");
            }

            gpus[model] = (int)count.Integer(1, MostGpus, 1);
        }

        return gpus;
    }
}
