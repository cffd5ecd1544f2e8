using PimSim.Devices.Systems;
using PimSim.Experiments.Claims;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Files;

/// <summary>What the command line says over the experiment file.</summary>
/// <param name="Models">Only these models.</param>
/// <param name="Systems">Only these systems, by label.</param>
/// <param name="Tokens">Tokens to generate instead.</param>
public sealed record ExperimentSelection(IReadOnlyList<string> Models, IReadOnlyList<string> Systems, int? Tokens)
{
    /// <summary>The experiment as it is written.</summary>
    public static ExperimentSelection All { get; } = new([], [], null);
}

/// <summary>Reads experiment files: all problems of the file and of everything it names at once. docs/experiments.md has the keys.</summary>
public static class ExperimentReader
{
    private const int MostTokens = 1 << 20;
    private const string KeepMeasured = "measured";

    /// <summary>Reads and checks an experiment.</summary>
    /// <exception cref="PimSimUserException">Something is wrong; one line per problem.</exception>
    public static Experiment Read(string path, ExperimentSelection selection) => Read(ExperimentFile.Open(path), selection);

    /// <summary>Reads and checks an experiment that is open.</summary>
    /// <exception cref="PimSimUserException">Something is wrong; one line per problem.</exception>
    public static Experiment Read(ExperimentFile file, ExperimentSelection selection)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(selection);
        (DataNode root, ProblemList problems, InputFiles inputs) = (file.Root, file.Problems, file.Inputs);
        string title = root.Required("title").Text();
        string? userFolder = UserFolder(file);
        HardwareCatalogue hardware = new(userFolder, inputs);
        ModelZoo zoo = Zoo(userFolder, inputs);

        bool replays = root.Optional("trace").Exists;
        bool keepMeasured = ReadOpaque(root, replays);
        RecordedTrace? trace = replays ? ReadTrace(file, keepMeasured) : null;
        List<(string, ModelShape)> models = !replays ? ReadModels(root, zoo, problems) : [];
        List<ExperimentSystem> systems = ReadSystems(root, hardware, problems);
        DataNode referenceNode = root.Optional("reference");
        string reference = referenceNode.Text(systems.Count > 0 ? systems[0].Label : "");
        if (problems.Problems.Count == 0 && !systems.Exists(system => system.Label == reference))
        {
            referenceNode.Report($"the experiment has no system '{reference}'; {NearestWord.Suggest(reference, [.. systems.Select(system => system.Label)])}");
        }

        (ChosenTechnique Technique, GenerationRequest Request)? generation = !replays ? ReadGeneration(root, selection, userFolder, inputs) : null;
        List<Claim> claims = ReadClaims(root, inputs, problems);
        root.RejectUnknownKeys();
        problems.ThrowIfAny();
        if (trace is not null && selection.Tokens is not null)
        {
            throw new PimSimUserException($"{file.Path} replays a trace, which has as many tokens as it has: no other number of tokens can be asked for");
        }

        string[] known = trace is null ? [.. models.Select(model => model.Item1)] : [trace.Source.Footprint.Model];
        foreach (string wanted in selection.Models)
        {
            Selected(wanted, selection.Models, known, "model");
        }

        string selected = $"{selection.Tokens}|{string.Join(',', selection.Models)}|{string.Join(',', selection.Systems)}";
        inputs.Add("selection", selected == "||" ? "" : selected);
        return new Experiment
        {
            Title = title,
            Models = [.. models.Where(model => Selected(model.Item1, selection.Models, models.Select(known => known.Item1), "model"))],
            Systems = [.. systems.Where(system => Selected(system.Label, selection.Systems, systems.Select(known => known.Label), "system"))],
            Reference = reference,
            Technique = generation?.Technique,
            Request = generation?.Request,
            Trace = trace,
            Claims = claims,
            InputHash = inputs.Hash(),
        };
    }

    /// <summary>The models to choose from: the shipped ones and those of a user's catalogue folder.</summary>
    /// <param name="userFolder">The user's folder, if there is one.</param>
    /// <param name="opened">Notes every file that is opened.</param>
    public static ModelZoo Zoo(string? userFolder, InputFiles? opened = null) =>
        new(userFolder is null ? [ModelZoo.ShippedFolder] : [ModelZoo.ShippedFolder, Path.Combine(userFolder, "models")], opened);

    /// <summary>The techniques to choose from, likewise.</summary>
    /// <param name="userFolder">The user's folder, if there is one.</param>
    /// <param name="opened">Notes every file that is opened.</param>
    public static TechniqueCatalogue Techniques(string? userFolder, InputFiles? opened = null) =>
        new(userFolder is null ? [TechniqueCatalogue.ShippedFolder] : [TechniqueCatalogue.ShippedFolder, Path.Combine(userFolder, "techniques")], opened);

    internal static string? UserFolder(ExperimentFile file)
    {
        DataNode node = file.Root.Optional("catalogue");
        if (!node.Exists)
        {
            return null;
        }

        string folder = file.Beside(node.Text());
        if (!Directory.Exists(folder))
        {
            node.Report($"there is no folder '{folder}'");
        }

        return folder;
    }

    private static (ChosenTechnique Technique, GenerationRequest Request) ReadGeneration(DataNode root, ExperimentSelection selection, string? userFolder, InputFiles inputs)
    {
        var technique = ChosenTechnique.Read(root, userFolder, inputs);
        int prompt = (int)root.Optional("promptTokens").Integer(1, MostTokens, 1);
        int tokens = (int)root.Required("generatedTokens").Integer(1, MostTokens, 1);
        int sequences = (int)root.Optional("sequences").Integer(1, 4096, 1);
        return (technique, new GenerationRequest(prompt, selection.Tokens ?? tokens, sequences) { Settings = technique.Settings });
    }

    /// <summary>Whether operators without a shape keep their measured time: the one thing that can be said about them.</summary>
    private static bool ReadOpaque(DataNode root, bool replays)
    {
        DataNode node = root.Optional("opaque");
        if (node.Exists && !replays)
        {
            node.Report("goes with 'trace' only: what models generate has no operators without a shape");
        }

        return node.Word([KeepMeasured], "") == KeepMeasured;
    }

    /// <summary>The trace to replay; an experiment that has one can't name what the trace already says.</summary>
    private static RecordedTrace? ReadTrace(ExperimentFile file, bool keepMeasured)
    {
        DataNode root = file.Root;
        DataNode node = root.Optional("trace");
        foreach (string key in (string[])["models", "technique", "settings", "promptTokens", "generatedTokens", "sequences"])
        {
            DataNode said = root.Optional(key);
            if (said.Exists)
            {
                said.Report("does not go with 'trace', whose file says it already");
            }
        }

        string name = node.Text();
        if (name.Length == 0)
        {
            return null;
        }

        try
        {
            RecordedTrace trace = RecordedTrace.Open(file.Beside(name), name, keepMeasured);
            file.Inputs.Add("trace", trace.Hash);
            return trace;
        }
        catch (PimSimUserException fault)
        {
            node.Report(fault.Message);
            return null;
        }
    }

    internal static List<(string Name, ModelShape Shape)> ReadModels(DataNode root, ModelZoo zoo, ProblemList problems)
    {
        List<(string, ModelShape)> models = [];
        foreach (DataNode item in root.Required("models").Items())
        {
            string name = item.Text();
            if (!zoo.Names.Contains(name))
            {
                item.Report($"unknown model '{name}'; {NearestWord.Suggest(name, zoo.Names)}");
                continue;
            }

            if (models.Exists(known => known.Item1 == name))
            {
                item.Report($"model '{name}' is listed twice");
                continue;
            }

            models.Add((name, zoo.Read(name, problems).Shape));
        }

        return models;
    }

    internal static List<ExperimentSystem> ReadSystems(DataNode root, HardwareCatalogue hardware, ProblemList problems)
    {
        List<ExperimentSystem> systems = [];
        foreach (DataNode item in root.Required("systems").Items())
        {
            DataNode nameNode = item.IsMapping ? item.Required("system") : item;
            string name = nameNode.Text();
            string label = item.IsMapping ? item.Optional("label").Text(name) : name;
            List<ParameterChange> changes = [];
            foreach ((string key, DataNode value) in item.IsMapping ? item.Optional("set").Entries() : [])
            {
                string[] parts = key.Split('.', 2);
                changes.Add(new ParameterChange(parts[0], parts.Length > 1 ? parts[1] : "", value));
            }

            item.RejectUnknownKeys();
            if (!hardware.Systems.Contains(name))
            {
                nameNode.Report($"unknown system '{name}'; {NearestWord.Suggest(name, hardware.Systems.Names)}");
                continue;
            }

            if (systems.Exists(known => known.Label == label))
            {
                item.Report($"a system '{label}' is listed twice; give one a label of its own");
                continue;
            }

            if (SystemDefinition.Read(hardware, name, changes, problems) is { } definition)
            {
                systems.Add(new ExperimentSystem(label, definition, changes));
            }
        }

        return systems;
    }

    /// <summary>The claims that an experiment names.</summary>
    internal static List<Claim> ReadClaims(DataNode root, InputFiles inputs, ProblemList problems)
    {
        List<Claim> claims = [];
        CatalogueFolder folder = ClaimFile.OpenFolder(inputs);
        foreach (DataNode item in root.Optional("claims").Items())
        {
            if (!folder.Contains(item.Text()))
            {
                item.Report($"unknown claims '{item.Text()}'; {NearestWord.Suggest(item.Text(), folder.Names)}");
                continue;
            }

            claims.AddRange(ClaimFile.Read(folder.Open(item.Text(), problems)));
        }

        return claims;
    }

    private static bool Selected(string name, IReadOnlyList<string> selection, IEnumerable<string> known, string sort)
    {
        string[] all = [.. known];
        foreach (string wanted in selection.Where(wanted => !all.Contains(wanted)))
        {
            throw new PimSimUserException($"the experiment has no {sort} '{wanted}'; {NearestWord.Suggest(wanted, all)}");
        }

        return selection.Count == 0 || selection.Contains(name);
    }
}
