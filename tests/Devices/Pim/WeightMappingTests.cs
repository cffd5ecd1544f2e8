using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Pim;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

public class WeightMappingTests
{
    private static readonly Gen<(PimMemory Memory, int Inputs, int Outputs)> Shapes = Gen.Select(
        MemoryVariants.Large,
        Gen.OneOf(Gen.Int[1, 100], Gen.Int[1, 6000]),
        Gen.Frequency((6, Gen.Int[1, 5000]), (1, Gen.Int[1, 60_000])));

    [Fact]
    public void A_product_reads_every_weight_column_once_and_every_result_once() => Shapes.Sample(
        shape =>
        {
            (PimMemory memory, int inputs, int outputs) = shape;
            WeightMapping mapping = new(memory, inputs, outputs);
            ChannelOrganization organization = memory.Channel.Organization;
            int[] chunks = Chunks(memory, inputs);
            Assert.Equal(chunks.Length, mapping.Chunks);
            long multiplications = 0;
            for (int channel = 0; channel < memory.Channels; channel++)
            {
                ProgramWalk walk = new(memory, mapping.Programs.Program(mapping.Programs.VariantOf(channel)), (_, length) => length);

                // Output n is in bank n mod all banks: bank 0 of the channel holds as many as any of its banks.
                int rounds = Enumerable.Range(0, DivideUp(outputs, memory.TotalBanks))
                    .Count(round => (round * memory.TotalBanks) + (channel * organization.Banks) < outputs);
                Assert.Equal(rounds == 0 ? [] : chunks, walk.Loads);
                Assert.Equal(rounds * chunks.Sum(columns => (long)columns), walk.MacColumns);
                Assert.Equal((long)rounds * chunks.Length, walk.ResultsRead);

                // All results of a chunk are out before the next chunk comes in.
                Assert.All(walk.ReadOuts.GroupBy(read => read.Load), reads => Assert.Equal(rounds, reads.Sum(read => read.Count)));
                AssertDisjoint(walk.Results, (long)mapping.RowsPerBank * organization.ColumnsPerRow);
                multiplications += walk.MacColumns * organization.Banks * memory.MultipliersPerBank;
            }

            Assert.True(multiplications >= (long)inputs * outputs);
        },
        iter: 60);

    [Fact]
    public void A_product_on_a_model_of_the_banks_is_the_matrix_times_the_vector() =>
        Gen.Select(MemoryVariants.Tiny, Gen.Int[1, 90], Gen.Int[1, 150], Gen.Int[0, 1 << 20]).Sample(
            (memory, inputs, outputs, seed) =>
            {
                Random random = new(seed);
                long[] vector = [.. Enumerable.Range(0, inputs).Select(_ => (long)random.Next(1, 100))];
                long[][] weights = [.. Enumerable.Range(0, outputs).Select(_ => Enumerable.Range(0, inputs).Select(_ => (long)random.Next(-100, 100)).ToArray())];
                WeightMapping mapping = new(memory, inputs, outputs);
                BankModel banks = new(memory, mapping.RowsPerBank);
                Fill(memory, banks, weights, inputs);
                long[] product = new long[outputs];
                for (int channel = 0; channel < memory.Channels; channel++)
                {
                    Multiply(memory, mapping, banks, channel, vector, product);
                }

                Assert.Equal(weights.Select(row => row.Zip(vector, (weight, x) => weight * x).Sum()), product);
            },
            iter: 60);

    [Fact]
    public void Reading_an_output_reads_its_weights_and_no_others() => Gen.Select(MemoryVariants.Tiny, Gen.Int[1, 90], Gen.Int[1, 150], Gen.Int[0, 10_000]).Sample(
        (memory, inputs, outputs, any) =>
        {
            int output = any % outputs;
            WeightMapping mapping = new(memory, inputs, outputs);
            HashSet<(int Channel, int Bank, long Column)> expected = [];
            for (int input = 0; input < inputs; input++)
            {
                (int channel, int bank, long column, int _) = Place(memory, inputs, outputs, output, input);
                expected.Add((channel, bank, column));
            }

            ChannelPrograms read = mapping.ReadOutput(output);
            HashSet<(int Channel, int Bank, long Column)> actual = [];
            for (int channel = 0; channel < memory.Channels; channel++)
            {
                foreach (PimInstruction instruction in read.Program(read.VariantOf(channel)))
                {
                    long first = ((long)instruction.Row * memory.Channel.Organization.ColumnsPerRow) + instruction.Column;
                    for (int i = 0; instruction.Command == DramCommand.RD && i < instruction.Count; i++)
                    {
                        Assert.True(actual.Add((channel, instruction.Bank, first + i)));
                    }
                }
            }

            Assert.True(expected.SetEquals(actual));
        },
        iter: 60);

    [Fact]
    public void The_last_read_out_brings_at_most_all_banks_accumulators_and_at_least_one_result() => Shapes.Sample(
        shape =>
        {
            int last = new WeightMapping(shape.Memory, shape.Inputs, shape.Outputs).LastResults;
            int rounds = DivideUp(shape.Outputs, shape.Memory.TotalBanks);
            int inLastReadOut = rounds % shape.Memory.AccumulatorsPerBank is 0 ? shape.Memory.AccumulatorsPerBank : rounds % shape.Memory.AccumulatorsPerBank;
            Assert.InRange(last, 1, Math.Min(shape.Outputs, inLastReadOut * shape.Memory.TotalBanks));

            // The rounds before it brought full banks of results.
            Assert.True(last >= shape.Outputs - ((rounds - inLastReadOut) * shape.Memory.TotalBanks));
        },
        iter: 30);

    /// <summary>The layout as the summary of <see cref="WeightMapping"/> describes it; a chunk begins with a new row.</summary>
    private static (int Channel, int Bank, long Column, int Lane) Place(PimMemory memory, int inputs, int outputs, int output, int input)
    {
        ChannelOrganization organization = memory.Channel.Organization;
        int bank = output % memory.TotalBanks;
        int[] chunks = Chunks(memory, inputs);
        int elements = BufferElements(memory);
        long column = 0;
        for (int before = 0; before < input / elements; before++)
        {
            column += (long)DivideUp(DivideUp(outputs, memory.TotalBanks) * chunks[before], organization.ColumnsPerRow) * organization.ColumnsPerRow;
        }

        column += (output / memory.TotalBanks * chunks[input / elements]) + (input % elements / memory.MultipliersPerBank);
        return (bank / organization.Banks, bank % organization.Banks, column, input % elements % memory.MultipliersPerBank);
    }

    private static void Fill(PimMemory memory, BankModel banks, long[][] weights, int inputs)
    {
        for (int output = 0; output < weights.Length; output++)
        {
            for (int input = 0; input < inputs; input++)
            {
                (int channel, int bank, long column, int lane) = Place(memory, inputs, weights.Length, output, input);
                banks.Write(channel, bank, column, lane, weights[output][input]);
            }
        }
    }

    private static void Multiply(PimMemory memory, WeightMapping mapping, BankModel banks, int channel, long[] vector, long[] product)
    {
        int banksPerChannel = memory.Channel.Organization.Banks;
        ProgramWalk walk = new(memory, mapping.Programs.Program(mapping.Programs.VariantOf(channel)), (_, length) => length);
        int elements = BufferElements(memory);
        int roundsPerChunk = walk.Results.Count / Math.Max(1, walk.Loads.Count);
        for (int i = 0; i < walk.Results.Count; i++)
        {
            WalkedResult result = walk.Results[i];
            long[] buffer = new long[walk.Loads[result.Load] * memory.MultipliersPerBank];
            vector.Skip(result.Load * elements).Take(elements).ToArray().CopyTo(buffer, 0);
            for (int bank = 0; bank < banksPerChannel; bank++)
            {
                // The ASIC adds the partial sum to output (round, channel, bank), if there is such an output.
                int output = (i % roundsPerChunk * memory.TotalBanks) + (channel * banksPerChannel) + bank;
                if (output < product.Length)
                {
                    product[output] += banks.Dot(channel, bank, result, buffer);
                }
            }
        }
    }

    private static void AssertDisjoint(List<WalkedResult> results, long columnsPerBank)
    {
        long end = 0;
        foreach (WalkedResult result in results.OrderBy(result => result.FirstColumn))
        {
            if (result.FirstColumn < end)
            {
                Assert.Fail($"column {result.FirstColumn} is multiplied twice");
            }

            end = result.FirstColumn + result.Columns;
        }

        Assert.True(end <= columnsPerBank, $"column {end} is beyond the {columnsPerBank} reserved");
    }

    private static int[] Chunks(PimMemory memory, int inputs)
    {
        int elements = BufferElements(memory);
        return [.. Enumerable.Range(0, DivideUp(inputs, elements)).Select(chunk => DivideUp(Math.Min(elements, inputs - (chunk * elements)), memory.MultipliersPerBank))];
    }

    private static int BufferElements(PimMemory memory) => memory.GlobalBufferBytes / 2;

    private static int DivideUp(int value, int divisor) => (value + divisor - 1) / divisor;
}
