using System.Globalization;
using System.Security.Cryptography;
using System.Text;
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
    public static Experiment Read(string path, ExperimentSelection selection)
    {
        ProblemList problems = new();
        DataNode root = DataNode.Load(path, problems);
        SortedDictionary<string, string> inputs = new(StringComparer.Ordinal) { ["experiment"] = File.ReadAllText(path) };
        string title = root.Required("title").Text();
        string? userFolder = UserFolder(root, path);
        HardwareCatalogue hardware = new(userFolder);
        ModelZoo zoo = Zoo(userFolder);

        bool replays = root.Optional("trace").Exists;
        bool keepMeasured = ReadOpaque(root, replays);
        RecordedTrace? trace = replays ? ReadTrace(root, path, keepMeasured, inputs) : null;
        List<(string, ModelShape)> models = !replays ? ReadModels(root, zoo, inputs, problems) : [];
        List<ExperimentSystem> systems = ReadSystems(root, hardware, inputs, problems);
        DataNode referenceNode = root.Optional("reference");
        string reference = referenceNode.Text(systems.Count > 0 ? systems[0].Label : "");
        if (problems.Problems.Count == 0 && !systems.Exists(system => system.Label == reference))
        {
            referenceNode.Report($"the experiment has no system '{reference}'; {NearestWord.Suggest(reference, [.. systems.Select(system => system.Label)])}");
        }

        (ITechnique Technique, GenerationRequest Request)? generation = !replays ? ReadGeneration(root, selection) : null;
        List<Claim> claims = ReadClaims(root, inputs, problems);
        root.RejectUnknownKeys();
        problems.ThrowIfAny();
        if (trace is not null && selection.Tokens is not null)
        {
            throw new PimSimUserException($"{path} replays a trace, which has as many tokens as it has: no other number of tokens can be asked for");
        }

        string[] known = trace is null ? [.. models.Select(model => model.Item1)] : [trace.Source.Footprint.Model];
        foreach (string wanted in selection.Models)
        {
            Selected(wanted, selection.Models, known, "model");
        }

        string selected = $"{selection.Tokens}|{string.Join(',', selection.Models)}|{string.Join(',', selection.Systems)}";
        inputs["selection"] = selected == "||" ? "" : selected;
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
            InputHash = Hash(inputs),
        };
    }

    /// <summary>The models to choose from: the shipped ones and those of a user's catalogue folder.</summary>
    public static ModelZoo Zoo(string? userFolder) =>
        new(userFolder is null ? [ModelZoo.ShippedFolder] : [ModelZoo.ShippedFolder, Path.Combine(userFolder, "models")]);

    internal static string? UserFolder(DataNode root, string path)
    {
        DataNode node = root.Optional("catalogue");
        if (!node.Exists)
        {
            return null;
        }

        string folder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, node.Text());
        if (!Directory.Exists(folder))
        {
            node.Report($"there is no folder '{folder}'");
        }

        return folder;
    }

    private static (ITechnique Technique, GenerationRequest Request) ReadGeneration(DataNode root, ExperimentSelection selection)
    {
        string technique = root.Optional("technique").Word(TechniqueCatalogue.Shipped.Names, "autoregressive");
        int prompt = (int)root.Optional("promptTokens").Integer(1, MostTokens, 1);
        int tokens = (int)root.Required("generatedTokens").Integer(1, MostTokens, 1);
        int sequences = (int)root.Optional("sequences").Integer(1, 4096, 1);
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        return (entry.Program, new GenerationRequest(prompt, selection.Tokens ?? tokens, sequences) { Settings = entry.Settings });
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
    private static RecordedTrace? ReadTrace(DataNode root, string path, bool keepMeasured, SortedDictionary<string, string> inputs)
    {
        DataNode node = root.Optional("trace");
        foreach (string key in (string[])["models", "technique", "promptTokens", "generatedTokens", "sequences"])
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
            RecordedTrace trace = RecordedTrace.Open(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, name), name, keepMeasured);
            inputs["trace"] = trace.Hash;
            return trace;
        }
        catch (PimSimUserException fault)
        {
            node.Report(fault.Message);
            return null;
        }
    }

    internal static List<(string Name, ModelShape Shape)> ReadModels(DataNode root, ModelZoo zoo, SortedDictionary<string, string> inputs, ProblemList problems)
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

            ModelEntry entry = zoo.Read(name, problems);
            inputs[$"model {name}"] = File.ReadAllText(entry.File.Root.File);
            models.Add((name, entry.Shape));
        }

        return models;
    }

    internal static List<ExperimentSystem> ReadSystems(DataNode root, HardwareCatalogue hardware, SortedDictionary<string, string> inputs, ProblemList problems)
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

            if (SystemDefinition.Read(hardware, name, changes, problems) is not { } definition)
            {
                continue;
            }

            inputs[$"system {name}"] = File.ReadAllText(hardware.Systems.PathOf(name));
            foreach (CatalogueEntry part in definition.Parts)
            {
                inputs[$"{part.Kind} {part.Name}"] = File.ReadAllText(part.Root.File);
            }

            if (definition.Memory is { } memory)
            {
                inputs[$"standard {memory.StandardName}"] = File.ReadAllText(hardware.Standards.PathOf(memory.StandardName));
            }

            systems.Add(new ExperimentSystem(label, definition, [.. changes.Select(change => $"{change.Part}.{change.Path} = {change.Value.RawText}")]));
        }

        return systems;
    }

    private static List<Claim> ReadClaims(DataNode root, SortedDictionary<string, string> inputs, ProblemList problems)
    {
        List<Claim> claims = [];
        CatalogueFolder folder = ClaimFile.Folder;
        foreach (DataNode item in root.Optional("claims").Items())
        {
            if (!folder.Contains(item.Text()))
            {
                item.Report($"unknown claims '{item.Text()}'; {NearestWord.Suggest(item.Text(), folder.Names)}");
                continue;
            }

            inputs[$"claims {item.Text()}"] = File.ReadAllText(folder.PathOf(item.Text()));
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

    internal static string Hash(SortedDictionary<string, string> inputs)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, string text) in inputs)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name}\n{text.Length}\n{text}\n")));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
