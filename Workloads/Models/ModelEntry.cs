using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Models;

/// <summary>A model file that has been read.</summary>
/// <param name="Shape">What the engine runs.</param>
/// <param name="PublishedParameters">Number of parameters by the file, if it says; checked against the shape to 1 %.</param>
/// <param name="File">Summary, sources and every value with its source, for <c>pimsim show</c>.</param>
public sealed record ModelEntry(ModelShape Shape, long? PublishedParameters, CatalogueEntry File);
