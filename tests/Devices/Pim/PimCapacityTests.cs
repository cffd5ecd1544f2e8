using CsCheck;
using PimSim.Devices.Dram;
using PimSim.Devices.Pim;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
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
    public void Pages_take_what_the_weights_leave() => Gen.Select(PimModel.Small, Gen.Int[1, 5], Gen.Int[0, 40]).Sample(
        (model, pages, spare) =>
        {
            ModelFootprint footprint = model.Footprint;
            PimMemory ample = Catalogues.Memory("pim-gpt-memory");
            long rows = footprint.Matrices.Sum(matrix => (long)new WeightMapping(ample, matrix.Inputs, matrix.Outputs).RowsPerBank * matrix.Instances);
            long vectors = footprint.OtherParameters + footprint.Matrices.Sum(matrix => matrix.Bias ? (long)matrix.Outputs * matrix.Instances : 0);
            rows += ((2 * vectors) + (128 * 2048) - 1) / (128 * 2048);
            int perPage = KvPage.Of(ample, model.KvHeads, model.HeadDim).Rows * model.Layers;
            rows += (long)pages * perPage;
            PimDevice device = Paged(rows + Math.Min(spare, perPage - 1));
            Assert.Equal((pages * 1024L, 1024), (device.LoadPaged(footprint), device.PageTokens));
            PimDevice less = Paged(rows - 1);
            if (pages > 1)
            {
                Assert.Equal((pages - 1) * 1024L, less.LoadPaged(footprint));
            }
            else
            {
                Assert.Contains("cache for one page", Assert.Throws<PimSimUserException>(() => less.LoadPaged(footprint)).Message, StringComparison.Ordinal);
            }

            static PimDevice Paged(long rows) => new("toy", MemoryVariants.With($"organization.rows={rows}"), PimDevices.ShippedAsic, new PimSimulation(true));
        },
        iter: 40);

    [Fact]
    public void A_page_costs_what_reserved_rows_cost_wherever_they_are() => Gen.Select(PimModel.Small, Gen.Int[1, 1500], Gen.Long[0, 20_000_000]).Sample(
        (any, context, idle) =>
        {
            // Whole columns of 64 in a page's keys: then the two mappings touch as many rows.
            PimModel model = any with { HeadDim = 128, Sequences = 1, Reserved = 4096 };
            PimMemory memory = Catalogues.Memory("pim-gpt-memory");
            PimDevice reserved = PimDevices.New(memory, model.Footprint);
            PimDevice paged = new("toy-device", memory, PimDevices.ShippedAsic, new PimSimulation(true));
            paged.LoadPaged(model.Footprint);
            Picoseconds now = new(idle), other = new(idle);
            foreach (OperatorKind kind in new[] { OperatorKind.KvAppend, OperatorKind.Attention, OperatorKind.Gemm, OperatorKind.Attention })
            {
                now = reserved.Execute(model.Operator(kind, 0, 1, context), model.Layers - 1, now);
                other = paged.Execute(model.Operator(kind, 0, 1, context), 0, other);
                Assert.Equal(now, other);
            }

            Assert.Equal(reserved.Ledger.TotalEnergy, paged.Ledger.TotalEnergy);
            Assert.Equal(reserved.Counters, paged.Counters);
        },
        iter: 30);

    [Fact]
    public void A_resting_memory_refreshes_as_often_as_its_interval_says()
    {
        PimModel model = new(64, 1, 1, 64, 64, 64, false, 1, 100, 1);
        PimDevice device = PimDevices.New(Catalogues.Memory("pim-gpt-memory"), model.Footprint);
        device.Rest(new Picoseconds(6_825_000L * 10));
        Assert.Equal(8 * 10, device.Counters["commands.REFab"]);
        device.Rest(new Picoseconds(6_825_000L * 5));
        Assert.Equal(8 * 15, device.Counters["commands.REFab"]);
        Assert.True(device.Ledger.Energy(LedgerRows.Between, (int)PimEnergyComponent.Refresh).Joules > 0);
    }

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
