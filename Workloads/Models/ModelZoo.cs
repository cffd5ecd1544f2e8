using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Models;

/// <summary>The models that can be named in an experiment.</summary>
public sealed class ModelZoo
{
    private readonly CatalogueFolder _folder;

    /// <summary>Reads from folders of model files; a later folder wins over an earlier one.</summary>
    /// <param name="folders">Where the files are.</param>
    /// <param name="opened">Notes every file that is opened.</param>
    public ModelZoo(IEnumerable<string> folders, InputFiles? opened = null) => _folder = new CatalogueFolder("model", folders, opened);

    /// <summary>The folder of the model files that come with PimSim.</summary>
    public static string ShippedFolder => Path.Combine(AppContext.BaseDirectory, "Catalogue", "models");

    /// <summary>All names in ordinal order.</summary>
    public IReadOnlyCollection<string> Names => _folder.Names;

    /// <summary>Reads a model; faults in the file go to <paramref name="problems"/>, and the shape is usable only if there are none.</summary>
    /// <exception cref="PimSimUserException">No such model, or its file is not YAML.</exception>
    public ModelEntry Read(string name, ProblemList problems) => ModelFile.Read(_folder.Open(name, problems));

    /// <summary>Reads the shape of a model.</summary>
    /// <exception cref="PimSimUserException">No such model, or its file is wrong, with all that is wrong.</exception>
    public ModelShape Shape(string name)
    {
        ProblemList problems = new();
        ModelShape shape = Read(name, problems).Shape;
        problems.ThrowIfAny();
        return shape;
    }
}
