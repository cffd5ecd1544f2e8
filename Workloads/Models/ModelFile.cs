using System.Globalization;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Models;

/// <summary>Reads a catalogue file of the kind 'model'.</summary>
internal static class ModelFile
{
    // Far above any model, far below what overflows 64-bit byte counts.
    private const int Most = 1 << 24;

    private static readonly (string Word, ActivationKind Value)[] Activations =
        [("gelu", ActivationKind.Gelu), ("relu", ActivationKind.Relu), ("swiglu", ActivationKind.SwiGlu), ("geglu", ActivationKind.GeGlu)];

    private static readonly (string Word, NormKind Value)[] Norms = [("layerNorm", NormKind.LayerNorm), ("rmsNorm", NormKind.RmsNorm)];
    private static readonly (string Word, PositionKind Value)[] Positions = [("learned", PositionKind.Learned), ("rotary", PositionKind.Rotary)];
    private static readonly (string Word, BiasKind Value)[] Biases = [("none", BiasKind.None), ("all", BiasKind.All), ("qkv", BiasKind.Qkv)];

    /// <summary>Reads an entry; what is wrong goes to the entry's problem list.</summary>
    public static ModelEntry Read(CatalogueEntry entry)
    {
        if (entry.Kind != "model")
        {
            entry.Root.Optional("kind").Report($"'{entry.Kind}' is not a model; write 'model'");
        }

        int before = entry.Root.Problems.Problems.Count;
        SourcedTable table = entry.Table(entry.Root, "shape");
        ModelShape shape = ReadShape(entry, table);
        table.RejectUnknownKeys();
        long? published = ReadPublished(entry);
        entry.Root.RejectUnknownKeys();

        // Values that could not be read have harmless stand-ins; holding those against each other would only mislead.
        if (entry.Root.Problems.Problems.Count == before)
        {
            CheckShape(shape, table);
            CheckPublished(entry, shape, published);
        }

        return new ModelEntry(shape, published, entry);
    }

    private static ModelShape ReadShape(CatalogueEntry entry, SourcedTable table)
    {
        DataNode types = entry.Root.Optional("types");
        bool experts = table.Has("experts") || table.Has("expertsPerToken") || table.Has("normalisedRouting");
        ModelShape shape = new()
        {
            Name = entry.Name,
            Layers = table.Integer("layers", 1, 100_000),
            Hidden = table.Integer("hidden", 1, Most),
            Heads = table.Integer("heads", 1, 100_000),
            KvHeads = table.Integer("kvHeads", 1, 100_000),
            HeadDim = table.Integer("headDim", 1, 10_000),
            Ffn = table.Integer("ffn", 1, Most),
            Activation = Choice(table, "activation", Activations),
            Norm = Choice(table, "norm", Norms),
            Position = Choice(table, "position", Positions),
            Biases = Choice(table, "biases", Biases),
            Vocab = table.Integer("vocab", 2, Most),
            MaxPositions = table.Integer("maxPositions", 1, int.MaxValue),
            Tied = table.Flag("tied"),
            QueryKeyNorm = table.Has("queryKeyNorm") && table.Flag("queryKeyNorm"),
            Experts = experts ? table.Integer("experts", 1, 10_000) : 0,
            ExpertsPerToken = experts ? table.Integer("expertsPerToken", 1, 10_000) : 0,
            NormalisedRouting = experts && table.Flag("normalisedRouting"),
            WeightType = ReadType(types, "weights"),
            ActivationType = ReadType(types, "activations"),
            KvType = ReadType(types, "kv"),
        };
        if (types.Exists && !types.IsMapping)
        {
            types.Report("a mapping with 'weights', 'activations' and 'kv' is needed here");
        }

        types.RejectUnknownKeys();
        return shape;
    }

    private static T Choice<T>(SourcedTable table, string key, (string Word, T Value)[] choices)
    {
        string word = table.Word(key, [.. choices.Select(choice => choice.Word)]);
        return choices.First(choice => choice.Word == word).Value;
    }

    private static DataType ReadType(DataNode types, string key) =>
        DataTypes.Parse(types.Optional(key).Word(DataTypes.Names, "fp16"));

    private static void CheckShape(ModelShape shape, SourcedTable table)
    {
        if (shape.Heads % shape.KvHeads != 0)
        {
            table.Report("kvHeads", $"{shape.Heads} query heads cannot be shared out among {shape.KvHeads} key/value heads; a divisor of {shape.Heads} is needed");
        }

        if ((long)shape.Heads * shape.HeadDim > Most / 3)
        {
            table.Report("headDim", $"{shape.Heads} heads of {shape.HeadDim} are too wide; {Most / 3} in all is allowed");
        }

        if (shape.ExpertsPerToken > shape.Experts)
        {
            table.Report("expertsPerToken", $"a token cannot visit {shape.ExpertsPerToken} of {shape.Experts} experts");
        }

        if (shape.Position == PositionKind.Rotary && shape.HeadDim % 2 != 0)
        {
            table.Report("headDim", $"rotary positions turn pairs of channels; {shape.HeadDim} is odd");
        }
    }

    private static long? ReadPublished(CatalogueEntry entry)
    {
        DataNode node = entry.Root.Optional("publishedParameters");
        return node.Exists ? entry.Unwrap(node).Integer(1, long.MaxValue, 1) : null;
    }

    private static void CheckPublished(CatalogueEntry entry, ModelShape shape, long? published)
    {
        long counted = shape.Footprint(1, 1).Parameters;
        if (published is { } count && Math.Abs(counted - (double)count) > 0.01 * count)
        {
            entry.Root.Optional("publishedParameters").Report(string.Create(
                CultureInfo.InvariantCulture,
                $"the shape has {counted} parameters, more than 1 % off {count}: one of the two is wrong"));
        }
    }
}
