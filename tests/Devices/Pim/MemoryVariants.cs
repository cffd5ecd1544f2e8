using System.Collections.Concurrent;
using CsCheck;
using PimSim.Devices.Pim;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Tests.Pim;

/// <summary>The memory of PIM-GPT with some numbers of its data sheet changed.</summary>
internal static class MemoryVariants
{
    private static readonly ConcurrentDictionary<string, PimMemory> Known = new(StringComparer.Ordinal);

    /// <summary>Full-sized memories that differ in channels, accumulators and buffer.</summary>
    public static Gen<PimMemory> Large { get; } =
        Gen.Select(Gen.Int[1, 16], Gen.OneOf(1, 2, 7, 31, 32), Gen.OneOf(512, 1024, 2048, 2048, 4096))
            .Select((channels, accumulators, buffer) => With(
                $"organization.channels={channels}", $"processing.accumulatorsPerBank={accumulators}", $"processing.globalBuffer={buffer} B"));

    /// <summary>Memories so small that every chunk, row and accumulator overflows within a few elements.</summary>
    public static Gen<PimMemory> Tiny { get; } =
        Gen.Select(Gen.Int[1, 4], Gen.OneOf(1, 2, 3, 5), Gen.OneOf(1, 2, 3, 5, 8), Gen.OneOf(1, 2, 4, 8), Gen.OneOf(1, 2, 3))
            .Select((channels, accumulators, bufferColumns, columnsPerRow, banksPerGroup) => With(
                $"organization.channels={channels}",
                "organization.bankGroups=2",
                $"organization.banksPerGroup={banksPerGroup}",
                $"organization.columnsPerRow={columnsPerRow}",
                "organization.accessBytes=8 B",
                "processing.multipliersPerBank=4",
                $"processing.accumulatorsPerBank={accumulators}",
                $"processing.globalBuffer={bufferColumns * 8} B"));

    /// <summary>The memory with values put in place, each written path=value.</summary>
    public static PimMemory With(params string[] changes) => Known.GetOrAdd(string.Join(';', changes), _ =>
    {
        ProblemList problems = new();
        PimMemory memory = Read(problems, changes);
        problems.ThrowIfAny();
        return memory;
    });

    /// <summary>Reads the changed data sheet; faults go to a list. The changes stand in the file 'experiment.yaml', one a
    /// line.</summary>
    public static PimMemory Read(ProblemList problems, params string[] changes)
    {
        CatalogueEntry entry = Catalogues.Devices.Open("pim-gpt-memory", problems);
        string text = string.Join('\n', changes.Select((change, i) => $"v{i}: {change[(change.IndexOf('=', StringComparison.Ordinal) + 1)..]}"));
        DataNode values = DataNode.Parse("experiment.yaml", text.Length == 0 ? "none: 0" : text, problems);
        for (int i = 0; i < changes.Length; i++)
        {
            entry.Root.Replace(changes[i][..changes[i].IndexOf('=', StringComparison.Ordinal)], values.Required($"v{i}"));
        }

        return PimMemory.Read(entry, Catalogues.Standards);
    }
}
