using System.Diagnostics.CodeAnalysis;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Documents;
using PimSim.Workloads.Models;

namespace PimSim.Workloads.Engines;

/// <summary>
/// Opens models on backends: the one place that knows which there are. A backend with data is added here, as an
/// <see cref="EngineModel{TTensor}"/> over its weights.
/// </summary>
public static class EngineModels
{
    /// <summary>The model that ships with PimSim.</summary>
    public const string Builtin = "builtin";

    /// <summary>Shapes without data.</summary>
    public const string ShapeBackendName = "shape";

    /// <summary>All names that a backend can have.</summary>
    public static IReadOnlyList<string> Backends { get; } = ["cpu", "cuda", ShapeBackendName];

    /// <summary>Opens a model.</summary>
    /// <param name="model">A name of the zoo, a folder with a model, or <see cref="Builtin"/>.</param>
    /// <param name="backend">A name of <see cref="Backends"/>.</param>
    /// <param name="zoo">Models by name.</param>
    /// <exception cref="PimSimUserException">No such model or backend, or the model cannot run on it.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes the model.")]
    public static IEngineModel Open(string model, string backend, ModelZoo zoo)
    {
        ArgumentNullException.ThrowIfNull(zoo);
        if (!Backends.Contains(backend))
        {
            throw new PimSimUserException($"unknown backend '{backend}'; {NearestWord.Suggest(backend, Backends)}");
        }

        if (backend != ShapeBackendName)
        {
            throw new PimSimUserException($"this build has no {backend} backend; it has: {ShapeBackendName}");
        }

        if (zoo.Names.Contains(model))
        {
            return new EngineModel<ShapeTensor>(backend, new ShapeBackend(zoo.Shape(model)));
        }

        if (model == Builtin || Directory.Exists(model))
        {
            throw new PimSimUserException($"this build cannot open {(model == Builtin ? "the built-in model" : $"the model in '{model}'")}; it has the models of 'pimsim list models'");
        }

        throw new PimSimUserException($"unknown model '{model}', and there is no such folder; {NearestWord.Suggest(model, zoo.Names)}");
    }
}
