using System.Globalization;
using PimSim.Traces.Training.Model;

namespace PimSim.Traces.Training.Export;

/// <summary>Writes draft heads: <c>heads.K.linear.weight</c> [hidden, hidden] and <c>heads.K.linear.bias</c> [hidden] for each head K.</summary>
internal static class DraftHeadsFile
{
    /// <summary>Writes the whole file or nothing.</summary>
    public static void Write(string path, DecoderConfiguration model, int heads, float[] weights, IReadOnlyDictionary<string, string> metadata)
    {
        int matrix = model.Hidden * model.Hidden;
        List<ExportedTensor> tensors = [];
        for (int head = 0; head < heads; head++)
        {
            ReadOnlyMemory<float> own = weights.AsMemory(head * DraftHeads<float>.LengthOf(model), DraftHeads<float>.LengthOf(model));
            string name = string.Create(CultureInfo.InvariantCulture, $"heads.{head}.linear.");
            tensors.Add(new ExportedTensor(name + "weight", [model.Hidden, model.Hidden], own[..matrix]));
            tensors.Add(new ExportedTensor(name + "bias", [model.Hidden], own[matrix..]));
        }

        SafetensorsFile.Write(path, tensors, metadata);
    }
}
