using PimSim.Traces.Format.Documents;

namespace PimSim.Experiments.Files;

/// <summary>An experiment file, parsed once: what sort of experiment it is decides who reads it on.</summary>
public sealed class ExperimentFile
{
    private ExperimentFile(string path, string text)
    {
        Path = path;
        Root = DataNode.Parse(path, text, Problems);
        Inputs.Add("experiment", text);
    }

    /// <summary>Where it is, as the user named it.</summary>
    public string Path { get; }

    /// <summary>The top mapping.</summary>
    public DataNode Root { get; }

    /// <summary>Whether it is about requests over time.</summary>
    public bool IsServing => Root.Has("serving");

    /// <summary>Whether it is about the runtime, energy and cost of single requests as a formula.</summary>
    public bool IsIdealised => Root.Has("idealised");

    /// <summary>Whether it is about every technique on every system.</summary>
    public bool IsMatrix => Root.Has("matrix");

    /// <summary>Faults of the file and of all that it names.</summary>
    internal ProblemList Problems { get; } = new();

    /// <summary>The file, and everything that is opened for it.</summary>
    internal InputFiles Inputs { get; } = new();

    /// <summary>Opens a file.</summary>
    /// <exception cref="PimSimUserException">It can't be read or is not YAML.</exception>
    public static ExperimentFile Open(string path) => new(path, DataNode.ReadText(path));

    /// <summary>A file beside this one.</summary>
    internal string Beside(string name) => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!, name);
}
