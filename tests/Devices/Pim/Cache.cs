using PimSim.Devices.Dram;
using PimSim.Devices.Pim;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

/// <summary>
/// Keys and values of a few tokens as integers, and what host and ASIC know about where they go: token t's keys are in bank
/// t mod all banks, head after head; a slot of value dimensions, one in each bank of a channel, follows slot in even shares
/// of the channels. The addresses themselves come from the programs under test.
/// </summary>
internal sealed record Cache(PimMemory Memory, int KvHeads, int Group, int HeadDim, int Context, int Reserved, int Seed, bool Paged = false)
{
    private readonly Random _random = new(Seed);

    public int Heads => KvHeads * Group;

    /// <summary>By token, head, dimension.</summary>
    public long[][][] Keys { get; } = New(Context, KvHeads, HeadDim, Seed);

    public long[][][] Values { get; } = New(Context, KvHeads, HeadDim, Seed + 1);

    public int HeadColumns => DivideUp(HeadDim, Lanes);

    private int Lanes => Memory.MultipliersPerBank;

    private int Banks => Memory.Channel.Organization.Banks;

    private int BufferColumns => Memory.GlobalBufferBytes / Memory.Channel.Organization.AccessBytes;

    private int SlotsPerHead => DivideUp(HeadDim, Banks);

    private int SlotsPerChannel => DivideUp(KvHeads * SlotsPerHead, Memory.Channels);

    public KvMapping Mapping() => new(Memory, KvHeads, HeadDim, Reserved, Paged);

    public long[][] Random(int rows, int length) => [.. Enumerable.Range(0, rows).Select(_ => Row(_random, length))];

    /// <summary>Pieces of one head that the buffer takes one at a time.</summary>
    public int ScoreParts => DivideUp(HeadColumns, BufferColumns);

    /// <summary>The banks after all tokens are appended, in any order.</summary>
    public BankModel Filled(KvMapping mapping)
    {
        BankModel banks = new(Memory, mapping.RowsPerBank);
        int[] order = [.. Enumerable.Range(0, Context)];
        _random.Shuffle(order);
        foreach (int position in order)
        {
            ChannelPrograms append = mapping.Append(position);
            int written = 0;
            for (int channel = 0; channel < Memory.Channels; channel++)
            {
                foreach (PimInstruction instruction in append.Program(append.VariantOf(channel)))
                {
                    written += instruction.Opcode switch
                    {
                        PimOpcode.Stream => WriteKey(banks, channel, instruction, position),
                        PimOpcode.WriteColumns => WriteValue(banks, channel, instruction, position),
                        _ => 0,
                    };
                }
            }

            Assert.Equal(2 * KvHeads * HeadDim, written);
        }

        return banks;
    }

    /// <summary>One channel's part of q K^T: results come load by load, of each load a group of tokens after another, of each
    /// group a head after another.</summary>
    public void Score(KvMapping mapping, BankModel banks, int channel, long[][] queries, Dictionary<(int Head, int Token), long> scores)
    {
        ChannelPrograms programs = mapping.Scores(Heads, Context);
        ProgramWalk walk = new(Memory, programs.Program(programs.VariantOf(channel)), (_, length) => ScoreParts == 1 ? HeadColumns : length);
        int firstHead = 0;
        for (int load = 0; load < walk.Loads.Count; load++)
        {
            int part = load % ScoreParts;
            int headsInLoad = ScoreParts == 1 ? walk.Loads[load] / HeadColumns : 1;
            int firstElement = part * BufferColumns * Lanes;
            long[] buffer = new long[walk.Loads[load] * Lanes];
            for (int head = 0; head < headsInLoad; head++)
            {
                queries[firstHead + head].Skip(firstElement).Take(buffer.Length / headsInLoad).ToArray().CopyTo(buffer, head * HeadColumns * Lanes);
            }

            WalkedResult[] results = [.. walk.Results.Where(result => result.Load == load)];
            for (int i = 0; i < results.Length; i++)
            {
                for (int bank = 0; bank < Banks; bank++)
                {
                    int token = (i / headsInLoad * Memory.TotalBanks) + (channel * Banks) + bank;
                    (int, int) key = (firstHead + (i % headsInLoad), token);
                    if (token < Context)
                    {
                        scores[key] = scores.GetValueOrDefault(key) + banks.Dot(channel, bank, results[i], buffer);
                    }
                }
            }

            firstHead += part == ScoreParts - 1 ? headsInLoad : 0;
        }
    }

    /// <summary>One channel's part of the weighted sum: for each head with dimensions here, each query that shares it and each
    /// piece of the context, results come slot by slot.</summary>
    public void Weigh(KvMapping mapping, BankModel banks, int channel, long[][] probabilities, Dictionary<(int Head, int Dimension), long> sums)
    {
        ChannelPrograms programs = mapping.WeightedSum(Heads, Context);
        ProgramWalk walk = new(Memory, programs.Program(programs.VariantOf(channel)), (_, length) => length);
        int[] slots = [.. Enumerable.Range(0, KvHeads * SlotsPerHead).Where(slot => slot / SlotsPerChannel == channel)];
        int load = 0;
        int taken = 0;
        foreach (IGrouping<int, int> ofHead in slots.GroupBy(slot => slot / SlotsPerHead))
        {
            for (int query = 0; query < Group; query++)
            {
                int head = (ofHead.Key * Group) + query;
                for (int done = 0; done < Context; load++)
                {
                    long[] buffer = new long[walk.Loads[load] * Lanes];
                    probabilities[head].Skip(done).Take(buffer.Length).ToArray().CopyTo(buffer, 0);
                    foreach (int slot in ofHead)
                    {
                        Assert.Equal(load, walk.Results[taken].Load);
                        AddSlot(banks, channel, walk.Results[taken++], buffer, head, slot % SlotsPerHead, sums);
                    }

                    done += buffer.Length;
                }
            }
        }

        Assert.Equal((walk.Loads.Count, walk.Results.Count), (load, taken));
    }

    private void AddSlot(BankModel banks, int channel, WalkedResult result, long[] buffer, int head, int slot, Dictionary<(int Head, int Dimension), long> sums)
    {
        for (int bank = 0; bank < Banks; bank++)
        {
            (int, int Dimension) key = (head, (slot * Banks) + bank);
            if (key.Dimension < HeadDim)
            {
                sums[key] = sums.GetValueOrDefault(key) + banks.Dot(channel, bank, result, buffer);
            }
        }
    }

    private int WriteKey(BankModel banks, int channel, PimInstruction write, int position)
    {
        Assert.Equal((DramCommand.WR, position % Memory.TotalBanks, KvHeads * HeadColumns), (write.Command, (channel * Banks) + write.Bank, write.Count));
        long first = ((long)write.Row * Memory.Channel.Organization.ColumnsPerRow) + write.Column;
        for (int head = 0; head < KvHeads; head++)
        {
            for (int i = 0; i < HeadDim; i++)
            {
                banks.Write(channel, write.Bank, first + (head * HeadColumns) + (i / Lanes), i % Lanes, Keys[position][head][i]);
            }
        }

        return KvHeads * HeadDim;
    }

    private int WriteValue(BankModel banks, int channel, PimInstruction write, int position)
    {
        int written = 0;
        for (int i = 0; i < write.Count; i++)
        {
            long column = (((long)write.Row + (i * write.RowStride)) * Memory.Channel.Organization.ColumnsPerRow) + write.Column;
            int slot = (channel * SlotsPerChannel) + i;
            for (int bank = 0; bank < Banks; bank++)
            {
                int dimension = (slot % SlotsPerHead * Banks) + bank;
                if (dimension < HeadDim)
                {
                    banks.Write(channel, bank, column, position % Lanes, Values[position][slot / SlotsPerHead][dimension]);
                    written++;
                }
            }
        }

        return written;
    }

    private static long[][][] New(int tokens, int heads, int dimensions, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, tokens).Select(_ => Enumerable.Range(0, heads).Select(_ => Row(random, dimensions)).ToArray())];
    }

    private static long[] Row(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (long)random.Next(-99, 100))];

    private static int DivideUp(int value, int divisor) => (value + divisor - 1) / divisor;
}
