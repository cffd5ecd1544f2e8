using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Pim;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Devices.Tests.Pim;

public class PimCapacityTests
{
    [Fact]
    public void A_model_that_needs_every_row_loads_and_with_a_row_less_it_does_not() => PimModel.Small.Sample(
        model =>
        {
            ModelFootprint footprint = model.Footprint;
            PimMemory ample = Catalogues.Memory("pim-gpt-memory");
            long rows = footprint.Matrices.Sum(matrix => (long)new WeightMapping(ample, matrix.Inputs, matrix.Outputs).RowsPerBank * matrix.Instances);
            long vectors = footprint.OtherParameters + footprint.Matrices.Sum(matrix => matrix.Bias ? (long)matrix.Outputs * matrix.Instances : 0);
            rows += ((2 * vectors) + (128 * 2048) - 1) / (128 * 2048);
            rows += new KvMapping(ample, model.KvHeads, model.HeadDim, model.Reserved).RowsPerBank * model.Layers * model.Sequences;
            PimDevices.New(MemoryVariants.With($"organization.rows={rows}"), footprint);
            Assert.Throws<PimSimUserException>(() => PimDevices.New(MemoryVariants.With($"organization.rows={rows - 1}"), footprint));
        },
        iter: 40);

    [Fact]
    public void What_does_not_fit_is_refused_with_the_sizes()
    {
        // 4096 x 262,144 x 2 B = 2 GiB of weights, 32 x 2 x 1024 x 16,384 x 2 B = 2 GiB of cache, in a memory of 4 GiB.
        ModelFootprint footprint = new("big-toy", [new WeightMatrix(OperatorRole.LmHead, 4096, 262_144, false, 1)], 0, 32, 1024, 128, 16_384, 1, DataType.Bf16, DataType.Fp16);
        PimMemory memory = Catalogues.Memory("pim-gpt-memory");
        PimDevices.New(memory, footprint);
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => PimDevices.New(memory, footprint with { Sequences = 2 }));
        Assert.Equal("toy-device: big-toy does not fit: weights 2.00 GiB, cache for 16384 tokens x 2 4.00 GiB; laid out in rows 6.00 GiB of 4.00 GiB", fault.Message);
    }

    [Theory]
    [InlineData(1 << 24)]
    [InlineData(2_000_000_000)]
    [InlineData(int.MaxValue)]
    public void No_context_is_too_long_to_be_refused_with_the_sizes(int context)
    {
        ModelFootprint footprint = new PimModel(4096, 32, 1, 128, 1, 1, false, 48, context, 8).Footprint;
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => PimDevices.New(MemoryVariants.With("organization.channels=1"), footprint));
        Assert.Contains($"toy does not fit: weights 6.00 GiB, cache for {context} tokens x 8", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DataType.Fp32, DataType.Bf16)]
    [InlineData(DataType.Int8, DataType.Bf16)]
    [InlineData(DataType.Int4, DataType.Fp16)]
    [InlineData(DataType.Bf16, DataType.Int8)]
    [InlineData(DataType.Fp16, DataType.Fp32)]
    public void Numbers_that_are_not_16_bit_are_refused(DataType weights, DataType cache)
    {
        ModelFootprint footprint = new PimModel(64, 1, 1, 16, 64, 64, false, 1, 8, 1).Footprint with { WeightType = weights, KvType = cache };
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => PimDevices.New(Catalogues.Memory("pim-gpt-memory"), footprint));
        Assert.All(["pim-gpt-memory", "toy", "16-bit", weights.ToString(), cache.ToString()], part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Each_matrix_of_each_layer_and_each_cache_has_rows_of_its_own() => PimModel.Small.Sample(
        model =>
        {
            List<int> opened = [];
            PimMemory memory = Catalogues.Memory("pim-gpt-memory");
            PimDevice device = new("toy-device", memory, PimDevices.ShippedAsic, new PimSimulation(false, (channel, _) => new ChannelSequencer<RowSink>(channel, false, new RowSink(opened))));
            device.Load(model.Footprint);
            Dictionary<int, string> owners = [];
            void Claim(string owner, Operator op, int layer)
            {
                opened.Clear();
                device.Execute(op, layer, new Picoseconds(device.Ledger.TotalTime.Value));
                Assert.NotEmpty(opened);
                foreach (int row in opened)
                {
                    Assert.InRange(row, 0, memory.Channel.Organization.Rows - 1);
                    Assert.Equal(owner, owners.GetValueOrDefault(row, owner));
                    owners[row] = owner;
                }
            }

            for (int layer = 0; layer < model.Layers; layer++)
            {
                for (int matrix = 0; matrix < 4; matrix++)
                {
                    Claim($"matrix {matrix} of layer {layer}", model.Operator(OperatorKind.Gemm, matrix, 1, 1) with { Bias = false }, layer);
                }

                // Sequences follow one another within a layer and cannot be told apart here.
                Claim($"cache of layer {layer}", model.Operator(OperatorKind.KvAppend, 0, 1, 1), layer);
                Claim($"cache of layer {layer}", model.Operator(OperatorKind.KvAppend, 0, 1, model.Reserved), layer);
                Claim($"cache of layer {layer}", model.Operator(OperatorKind.Attention, 0, 1, model.Reserved), layer);
            }

            Claim("head", model.Operator(OperatorKind.Gemm, 4, 1, 1), 0);
            Claim("head", model.Operator(OperatorKind.Embedding, 0, 1, 1), 0);
            Claim("vectors", model.Operator(OperatorKind.Norm, 0, 1, 1), 0);
        },
        iter: 15);

    private readonly struct RowSink(List<int> opened) : ICommandSink
    {
        public bool WantsCommands => true;

        public void OnCommand(long cycle, DramCommand command, int bank, int row, int column)
        {
            if (command is DramCommand.ACT or DramCommand.ACT16)
            {
                opened.Add(row);
            }
        }
    }
}
