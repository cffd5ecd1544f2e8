using System.Collections.Immutable;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Files;

/// <summary>The technique of an experiment, by the keys <c>technique</c> and <c>settings</c>.</summary>
/// <param name="Technique">The technique.</param>
/// <param name="Settings">Its settings with the experiment's changes.</param>
public sealed record ChosenTechnique(TechniqueEntry Technique, TechniqueSettings Settings)
{
    /// <summary>Name and changes in words.</summary>
    public string Words { get; private init; } = Technique.Name;

    /// <summary>Tokens are generated one by one.</summary>
    public bool IsPlain => Technique.Family == "plain";

    /// <summary>Reads the two keys; faults go to the problem list, and the result is usable only if there are none.</summary>
    /// <param name="node">The mapping with the keys.</param>
    /// <param name="userFolder">The user's catalogue, if there is one.</param>
    /// <param name="opened">Notes every file that is opened.</param>
    internal static ChosenTechnique Read(DataNode node, string? userFolder, InputFiles? opened)
    {
        TechniqueCatalogue techniques = ExperimentReader.Techniques(userFolder, opened);
        string name = node.Optional("technique").Word(techniques.Names, "autoregressive");
        TechniqueEntry entry = techniques.Read(name, node.Problems);
        DataNode changes = node.Optional("settings");
        TechniqueSettings settings = entry.Settings;
        List<string> words = [];
        foreach ((string key, DataNode value) in changes.Exists ? changes.Entries() : [])
        {
            ImmutableArray<double> numbers = TechniqueFile.ReadNumbers(value);
            try
            {
                settings = settings.With([KeyValuePair.Create(key, numbers)]);
                words.Add($"{key} {string.Join(" ", numbers.Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture)))}");
            }
            catch (PimSimUserException fault)
            {
                value.Report(fault.Message);
            }
        }

        return new ChosenTechnique(entry, settings) { Words = words.Count == 0 ? name : $"{name} ({string.Join(", ", words)})" };
    }
}
