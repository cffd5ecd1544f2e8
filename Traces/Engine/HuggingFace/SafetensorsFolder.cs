using System.Collections.Frozen;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>
/// The tensors of a folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names. Only files of the folder
/// itself are opened. Thread-safe for reading.
/// </summary>
internal sealed class SafetensorsFolder : IDisposable
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";
    private const long MaxIndexBytes = 64L << 20;

    private readonly List<SafetensorsFile> _files = [];

    private SafetensorsFolder(string folder, string listing) => (Folder, Listing) = (folder, listing);

    /// <summary>The folder as the user named it.</summary>
    public string Folder { get; }

    /// <summary>The file that lists all tensors, for messages.</summary>
    public string Listing { get; }

    /// <summary>The tensors by name.</summary>
    public FrozenDictionary<string, SafetensorsTensor> Tensors { get; private set; } = FrozenDictionary<string, SafetensorsTensor>.Empty;

    /// <summary>Opens all files.</summary>
    /// <exception cref="PimSimUserException">A file is missing or not valid, or the index and the shards disagree.</exception>
    public static SafetensorsFolder Open(string folder)
    {
        string single = Path.Combine(folder, SingleName);
        string index = Path.Combine(folder, IndexName);
        bool sharded = !File.Exists(single);
        if (sharded && !File.Exists(index))
        {
            throw new PimSimUserException($"{folder}: no weights: {SingleName} or {IndexName} is needed{Others(folder)}");
        }

        SafetensorsFolder opened = new(folder, sharded ? index : single);
        try
        {
            if (sharded)
            {
                opened.OpenShards(index);
            }
            else
            {
                SafetensorsFile file = SafetensorsFile.Open(single);
                opened._files.Add(file);
                opened.Tensors = file.Tensors;
            }

            SafetensorsFolder result = opened;
            opened = null!;
            return result;
        }
        finally
        {
            opened?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void OpenShards(string index)
    {
        ProblemList problems = new();
        JsonPlace root = JsonPlace.Load(index, MaxIndexBytes, problems);
        JsonPlace map = root.Required("weight_map");
        Dictionary<string, SafetensorsFile> shards = new(StringComparer.Ordinal);
        Dictionary<string, SafetensorsTensor> tensors = new(StringComparer.Ordinal);
        if (map.Exists && !map.IsObject)
        {
            map.Report("an object that maps tensors to files is needed here");
        }

        foreach ((string name, JsonPlace place) in map.Members)
        {
            string shard = place.Text("");
            if (!IsFileName(shard))
            {
                place.Report($"{place.Shown} is not the name of a .safetensors file in this folder; names without '/', '\\' and '..' are allowed");
                continue;
            }

            if (!shards.TryGetValue(shard, out SafetensorsFile? file))
            {
                string path = Path.Combine(Folder, shard);
                if (!File.Exists(path))
                {
                    place.Report($"the shard {shard} is not in the folder");
                    problems.ThrowIfAny();
                }

                file = SafetensorsFile.Open(path);
                _files.Add(file);
                shards.Add(shard, file);
            }

            if (file.Tensors.TryGetValue(name, out SafetensorsTensor? tensor))
            {
                tensors.Add(name, tensor);
            }
            else
            {
                place.Report($"{shard} holds no such tensor");
            }
        }

        foreach (SafetensorsTensor tensor in _files.SelectMany(file => file.Tensors.Values))
        {
            if (!tensors.TryGetValue(tensor.Name, out SafetensorsTensor? listed) || listed.File != tensor.File)
            {
                problems.Add(new Problem(tensor.File.Path, 0, 0, $"tensor '{tensor.Name}' is not listed for this shard in {IndexName}"));
            }
        }

        problems.ThrowIfAny();
        Tensors = tensors.ToFrozenDictionary();
    }

    private static bool IsFileName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal)
        && !name.Contains("..", StringComparison.Ordinal)
        && name.IndexOfAny(['/', '\\', ':', '\0']) < 0;

    /// <summary>What a user may have taken for the weights.</summary>
    private static string Others(string folder)
    {
        string[] others = [.. Directory.EnumerateFiles(folder)
            .Select(file => Path.GetFileName(file))
            .Where(name => Path.GetExtension(name) is ".safetensors" or ".bin" or ".pt" or ".pth" or ".gguf" or ".h5" or ".msgpack")
            .Order(StringComparer.Ordinal)
            .Take(5)];
        return others.Length == 0
            ? ""
            : $"; found {string.Join(", ", others)}: pickled and other formats are not read, save the model with save_pretrained(..., safe_serialization=True)";
    }
}
