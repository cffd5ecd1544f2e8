namespace PimSim.Traces.Format.Measurements;

/// <summary>Knows the sizes of models by the names that files of measurements use, such as <c>meta-llama/Llama-3.1-8B</c>.</summary>
public interface IModelShapes
{
    /// <summary>The sizes of a model; null where the name is not known. Never a guess.</summary>
    ModelSizes? Find(string model);
}
