using CsCheck;
using PimSim.Devices.Pim;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

public class KvMappingTests
{
    private static readonly Gen<Cache> TinyCaches = Gen.Select(MemoryVariants.Tiny, Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[1, 40], Gen.Int[1, 60], Gen.Int[0, 20], Gen.Select(Gen.Int[0, 1 << 20], Gen.Bool))
        .Select((memory, kvHeads, group, headDim, context, reserve, last) => new Cache(memory, kvHeads, group, headDim, context, context + reserve, last.Item1, last.Item2));

    private static readonly Gen<Cache> LargeCaches = Gen.Select(MemoryVariants.Large, Gen.Int[1, 12], Gen.OneOf(1, 2, 4, 8), Gen.Int[16, 256], Gen.Int[1, 5000], Gen.Int[0, 3000], Gen.Bool)
        .Select((memory, kvHeads, group, headDim, context, reserve, paged) => new Cache(memory, kvHeads, group, headDim, context, context + reserve, 0, paged));

    [Fact]
    public void Scores_on_a_model_of_the_banks_are_queries_times_the_appended_keys() => TinyCaches.Sample(
        cache =>
        {
            KvMapping mapping = cache.Mapping();
            BankModel banks = cache.Filled(mapping);
            long[][] queries = cache.Random(cache.Heads, cache.HeadDim);
            Dictionary<(int Head, int Token), long> scores = [];
            for (int channel = 0; channel < cache.Memory.Channels; channel++)
            {
                cache.Score(mapping, banks, channel, queries, scores);
            }

            for (int head = 0; head < cache.Heads; head++)
            {
                for (int token = 0; token < cache.Context; token++)
                {
                    long expected = queries[head].Zip(cache.Keys[token][head / cache.Group], (q, k) => q * k).Sum();
                    Assert.Equal((head, token, expected), (head, token, scores[(head, token)]));
                }
            }
        },
        iter: 70);

    [Fact]
    public void The_weighted_sum_on_a_model_of_the_banks_is_probabilities_times_the_appended_values() => TinyCaches.Sample(
        cache =>
        {
            KvMapping mapping = cache.Mapping();
            BankModel banks = cache.Filled(mapping);
            long[][] probabilities = cache.Random(cache.Heads, cache.Context);
            Dictionary<(int Head, int Dimension), long> sums = [];
            for (int channel = 0; channel < cache.Memory.Channels; channel++)
            {
                cache.Weigh(mapping, banks, channel, probabilities, sums);
            }

            for (int head = 0; head < cache.Heads; head++)
            {
                for (int dimension = 0; dimension < cache.HeadDim; dimension++)
                {
                    long expected = Enumerable.Range(0, cache.Context).Sum(token => probabilities[head][token] * cache.Values[token][head / cache.Group][dimension]);
                    Assert.Equal((head, dimension, expected), (head, dimension, sums[(head, dimension)]));
                }
            }
        },
        iter: 70);

    [Fact]
    public void Reads_stay_in_the_reserved_rows_and_do_the_least_work() => LargeCaches.Sample(
        cache =>
        {
            KvMapping mapping = cache.Mapping();
            PimMemory memory = cache.Memory;
            int lanes = memory.MultipliersPerBank;
            long scoreWork = 0;
            long sumWork = 0;
            ChannelPrograms scores = mapping.Scores(cache.Heads, cache.Context);
            ChannelPrograms sums = mapping.WeightedSum(cache.Heads, cache.Context);
            int banks = memory.Channel.Organization.Banks;
            for (int channel = 0; channel < memory.Channels; channel++)
            {
                ProgramWalk score = new(memory, scores.Program(scores.VariantOf(channel)), (_, length) => cache.ScoreParts == 1 ? cache.HeadColumns : length);
                ProgramWalk sum = new(memory, sums.Program(sums.VariantOf(channel)), (_, length) => length);
                long end = sum.Results.Concat(score.Results).Max(result => (long?)result.FirstColumn + result.Columns) ?? 0;
                Assert.InRange(end, 0, mapping.RowsPerBank * memory.Channel.Organization.ColumnsPerRow);
                scoreWork += score.MacColumns;
                sumWork += sum.MacColumns;
            }

            // Whole groups of tokens, one in each bank of a channel; whole columns of a head.
            long groups = DivideUp(cache.Context, banks);
            Assert.Equal(groups * cache.Heads * DivideUp(cache.HeadDim, lanes), scoreWork);

            // Whole slots of a head's dimensions, one in each bank of a channel; whole columns of the context.
            Assert.Equal((long)DivideUp(cache.HeadDim, banks) * cache.Heads * DivideUp(cache.Context, lanes), sumWork);
        },
        iter: 10);

    [Fact]
    public void A_page_has_rows_of_its_own_and_as_few_as_can_be() => Gen.Select(TinyCaches, Gen.Int[1, 3]).Sample(
        (cache, pages) =>
        {
            PimMemory memory = cache.Memory;
            int row = memory.Channel.Organization.ColumnsPerRow * memory.MultipliersPerBank;
            var page = KvPage.Of(memory, cache.KvHeads, cache.HeadDim);
            Assert.Equal((0, 0), (page.Tokens % row, page.Tokens % memory.TotalBanks));
            Assert.DoesNotContain(Enumerable.Range(1, page.Tokens - 1), tokens => tokens % row == 0 && tokens % memory.TotalBanks == 0);
            KvMapping mapping = new(memory, cache.KvHeads, cache.HeadDim, pages * page.Tokens, paged: true);
            Assert.Equal(mapping.RowsPerBank, (long)pages * page.Rows);

            // Which page first wrote to each row of any bank.
            Dictionary<int, int> owner = [];
            for (int position = 0; position < pages * page.Tokens; position++)
            {
                ChannelPrograms append = mapping.Append(position);
                for (int channel = 0; channel < memory.Channels; channel++)
                {
                    foreach (PimInstruction instruction in append.Program(append.VariantOf(channel)))
                    {
                        int rows = instruction.Opcode switch
                        {
                            PimOpcode.Stream => DivideUp(instruction.Column + instruction.Count, memory.Channel.Organization.ColumnsPerRow),
                            PimOpcode.WriteColumns => instruction.Count,
                            _ => 0,
                        };
                        for (int i = 0; i < rows; i++)
                        {
                            int at = instruction.Row + (i * (instruction.Opcode == PimOpcode.Stream ? 1 : instruction.RowStride));
                            Assert.Equal(position / page.Tokens, owner.TryGetValue(at, out int first) ? first : owner[at] = position / page.Tokens);
                        }
                    }
                }
            }

            Assert.Equal(pages * page.Rows, owner.Count);
        },
        iter: 60);

    private static int DivideUp(int value, int divisor) => (value + divisor - 1) / divisor;
}
