using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Techniques;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Matrix;

/// <summary>Reads experiment files with a <c>matrix</c> section; docs/matrix.md has the keys.</summary>
public static class MatrixExperimentReader
{
    private const int MostTokens = 1 << 20;
    private const int MostBatch = 4096;
    private const string PlainDecoding = "autoregressive";
    private static readonly string[] SpeedMetrics = ["speedUp", "decodeSpeedUp", "sequenceSpeedUp", "timeSpeedUp"];

    /// <summary>Reads and checks an experiment.</summary>
    /// <param name="file">The file.</param>
    /// <param name="selection">Of it, the systems.</param>
    /// <exception cref="PimSimUserException">Something is wrong; one line per problem.</exception>
    public static MatrixExperiment Read(ExperimentFile file, ExperimentSelection selection)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(selection);
        (DataNode root, ProblemList problems, InputFiles inputs) = (file.Root, file.Problems, file.Inputs);
        string title = root.Required("title").Text();
        string? userFolder = ExperimentReader.UserFolder(file);
        List<ExperimentSystem> systems = ExperimentReader.ReadSystems(root, new HardwareCatalogue(userFolder, inputs), problems);
        TechniqueCatalogue catalogue = ExperimentReader.Techniques(userFolder, inputs);
        ModelZoo zoo = ExperimentReader.Zoo(userFolder, inputs);
        DataNode section = root.Required("matrix");
        List<TechniqueEntry> techniques = ReadTechniques(section.Optional("techniques"), catalogue, problems);
        CommonWorkload? common = section.Optional("common").Exists ? ReadCommon(section.Optional("common"), zoo, problems) : null;
        bool own = section.Optional("own").Flag(true);
        int ownTokens = (int)section.Optional("ownTokens").Integer(1, MostTokens, MostTokens);
        long? pimRows = section.Optional("pimRows") is { Exists: true } rows ? rows.Integer(1, long.MaxValue, 1) : null;
        Dictionary<string, int> fewer = ReadFewer(section.Optional("fewerTokens"), systems);
        section.RejectUnknownKeys();
        root.RejectUnknownKeys();
        List<(TechniqueEntry Technique, OwnRun? Own)> runs = [.. techniques.Select(technique => (technique, own ? OwnRun.Of(technique) : null))];
        problems.ThrowIfAny();
        foreach (string wanted in selection.Systems.Where(wanted => !systems.Exists(system => system.Label == wanted)))
        {
            throw new PimSimUserException($"the experiment has no system '{wanted}'; {NearestWord.Suggest(wanted, [.. systems.Select(system => system.Label)])}");
        }

        systems = [.. systems.Where(system => selection.Systems.Count == 0 || selection.Systems.Contains(system.Label))];
        foreach (string model in runs.Select(run => run.Own?.Run.Model).OfType<string>().Distinct().Where(zoo.Names.Contains))
        {
            // Noted as inputs.
            zoo.Read(model, problems);
        }

        inputs.Add("selection", string.Join(',', selection.Systems));
        List<MatrixTask> tasks = [];
        foreach ((TechniqueEntry technique, OwnRun? run) in runs)
        {
            // Plain decoding is what its own run is compared with.
            tasks.AddRange(own && technique.Name != PlainDecoding ? systems.Select(system => OwnTask(technique, run, system, fewer, ownTokens, zoo)) : []);
            foreach (int batch in common?.Batches ?? [])
            {
                tasks.AddRange(systems.Select(system => CommonTask(technique, common!, batch, system, fewer)));
            }
        }

        foreach (string run in tasks.SelectMany(task => new[] { task.Run, task.Plain }).OfType<TechniqueRun>().Select(run => run.Technique).Distinct())
        {
            // What is compared with is an input too.
            catalogue.Read(run, problems);
        }

        return new MatrixExperiment
        {
            Title = title,
            Techniques = techniques,
            Systems = systems,
            Common = common,
            Own = own,
            FewerTokens = fewer,
            Tasks = tasks,
            Runner = new TechniqueRunner(
                new HardwareCatalogue(userFolder), ExperimentReader.Zoo(userFolder), NetworkZoo.Shipped, ExperimentReader.Techniques(userFolder), systems.ToDictionary(system => system.Label, system => system.Definition, StringComparer.Ordinal))
            {
                MostPimRows = pimRows,
            },
            InputHash = inputs.Hash(),
        };
    }

    private static MatrixTask OwnTask(TechniqueEntry technique, OwnRun? own, ExperimentSystem system, Dictionary<string, int> fewer, int ownTokens, ModelZoo zoo)
    {
        if (own is null)
        {
            return new MatrixTask(technique, system.Label, MatrixRunner.OwnWorkload, null, null, false, 0);
        }

        // A picture has as many tokens as it has; of a text as many are generated as the experiment says.
        bool isText = zoo.Names.Contains(own.Run.Model);
        int most = isText ? Math.Min(ownTokens, fewer.GetValueOrDefault(system.Label, int.MaxValue)) : int.MaxValue;
        TechniqueRun On(TechniqueRun run) => run with
        {
            Hardware = new RunHardware(system.Label, null, null, 1),
            GeneratedTokens = Math.Min(run.GeneratedTokens, most),
            // How many sequences fit differs by system, and is not what is compared here.
            Sequences = Math.Max(1, run.Sequences),
        };
        TechniqueRun run = On(own.Run);
        TechniqueRun plain = isText || own.Over is null
            ? run with { Technique = isText ? PlainDecoding : technique.Baseline, Settings = "" }
            : On(own.Over);
        return new MatrixTask(technique, system.Label, MatrixRunner.OwnWorkload, run, plain, !isText, own.Run.GeneratedTokens);
    }

    private static MatrixTask CommonTask(TechniqueEntry technique, CommonWorkload common, int batch, ExperimentSystem system, Dictionary<string, int> fewer)
    {
        int tokens = Math.Min(common.GeneratedTokens, fewer.GetValueOrDefault(system.Label, int.MaxValue));
        TechniqueRun run = new(technique.Name, common.Model, new RunHardware(system.Label, null, null, 1), common.PromptTokens, tokens, batch, "");
        return new MatrixTask(technique, system.Label, MatrixRunner.CommonWorkload(batch), run, run with { Technique = PlainDecoding }, false, common.GeneratedTokens);
    }

    private static List<TechniqueEntry> ReadTechniques(DataNode node, TechniqueCatalogue catalogue, ProblemList problems)
    {
        List<string> names = node.Exists ? [] : [.. catalogue.Names];
        foreach (DataNode item in node.Exists ? node.Items() : [])
        {
            string name = item.Word(catalogue.Names, PlainDecoding);
            if (names.Contains(name))
            {
                item.Report($"technique '{name}' is listed twice");
                continue;
            }

            names.Add(name);
        }

        return [.. names.Select(name => catalogue.Read(name, problems)).OrderBy(technique => TechniqueFile.Families.IndexOf(technique.Family))];
    }

    private static CommonWorkload ReadCommon(DataNode node, ModelZoo zoo, ProblemList problems)
    {
        string model = node.Required("model").Word(zoo.Names, zoo.Names.First());
        if (zoo.Names.Contains(model))
        {
            zoo.Read(model, problems);
        }

        int prompt = (int)node.Required("prompt").Integer(1, MostTokens, 1);
        int tokens = (int)node.Required("tokens").Integer(1, MostTokens, 1);
        DataNode list = node.Optional("batches");
        SortedSet<int> batches = list.Exists ? [] : [1];
        foreach (DataNode item in list.Exists ? list.Items() : [])
        {
            if (!batches.Add((int)item.Integer(1, MostBatch, 1)))
            {
                item.Report($"{item.RawText} is listed twice, or no number of sequences");
            }
        }

        node.RejectUnknownKeys();
        return new CommonWorkload(model, prompt, tokens, [.. batches]);
    }

    private static Dictionary<string, int> ReadFewer(DataNode node, List<ExperimentSystem> systems)
    {
        Dictionary<string, int> fewer = new(StringComparer.Ordinal);
        foreach ((string label, DataNode value) in node.Exists ? node.Entries() : [])
        {
            if (!systems.Exists(system => system.Label == label))
            {
                value.Report($"the experiment has no system '{label}'; {NearestWord.Suggest(label, [.. systems.Select(system => system.Label)])}");
            }

            fewer[label] = (int)value.Integer(1, MostTokens, 1);
        }

        return fewer;
    }

    private static int IndexOf(this IReadOnlyList<string> list, string word) => list.TakeWhile(other => other != word).Count();

    /// <summary>What a technique's paper ran: its first claim of a speed, or else its first claim.</summary>
    private sealed record OwnRun(TechniqueRun Run, TechniqueRun? Over)
    {
        public static OwnRun? Of(TechniqueEntry technique)
        {
            IReadOnlyList<TechniqueClaim> claims = TechniqueClaim.Read(technique);
            TechniqueClaim? claim = claims.FirstOrDefault(claim => SpeedMetrics.Contains(claim.Metric.Word)) ?? (claims.Count > 0 ? claims[0] : null);
            return claim is null ? null : new OwnRun(claim.Run, claim.Over);
        }
    }
}
