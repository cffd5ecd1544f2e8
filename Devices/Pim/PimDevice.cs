using PimSim.Devices.Asic;
using PimSim.Devices.Dram;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Pim;

/// <summary>How exactly, and how fast, a PIM device is simulated.</summary>
/// <param name="Accelerate">Skip what provably repeats. Cycles, counts and energy are the same without.</param>
/// <param name="SequencerOf">Makes the sequencer of a channel; null for one that nobody watches.</param>
/// <param name="OperationDone">Called after every operation on the channels.</param>
public sealed record PimSimulation(bool Accelerate, Func<PimChannelConfiguration, int, IChannelSequencer>? SequencerOf = null, Action? OperationDone = null);

/// <summary>
/// PIM memory and an ASIC as in PIM-GPT: matrix products run in the banks, everything else on the ASIC, one operation after
/// another (the pair executes instructions serially; only the adding up of partial sums overlaps with the product that they
/// come from). Equations and mapping: docs/pim.md.
/// </summary>
public sealed class PimDevice : IDevice
{
    private static readonly string[] TimeComponents =
        ["mac-bound", "idle-banks", "row-opening", "refresh", "vector-transfer", "mode-change", "bank-access", "asic"];

    private readonly PimMemory _memory;
    private readonly AsicModel _asic;
    private readonly PimEnergy _energy;
    private readonly ChannelGroup _channels;
    private readonly PimSimulation _simulation;
    private readonly ChannelCounters _operation = new();
    private readonly ChannelCounters _critical = new();
    private readonly ChannelCounters _total = new();
    private PimLayout? _layout;
    private PimTraceCheck? _check;
    private long _conventionalBytes;
    private Picoseconds _now;

    /// <summary>Joins a memory and an ASIC.</summary>
    public PimDevice(string name, PimMemory memory, AsicModel asic, PimSimulation simulation)
    {
        Name = name;
        _memory = memory;
        _asic = asic;
        _simulation = simulation;
        _energy = new PimEnergy(memory);
        IChannelSequencer shared = new ChannelSequencer<NoSink>(memory.Channel, simulation.Accelerate, default);
        IChannelSequencer[] sequencers = [.. Enumerable.Range(0, memory.Channels).Select(channel => simulation.SequencerOf?.Invoke(memory.Channel, channel) ?? shared)];
        _channels = new ChannelGroup(memory.Channel, memory.Channels, simulation.Accelerate, channel => sequencers[channel]);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public CostLedger Ledger { get; } = new(LedgerRows.Count, TimeComponents, PimEnergy.Components);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Counters
    {
        get
        {
            Dictionary<string, long> counters = new(StringComparer.Ordinal);
            foreach (DramCommand command in Enum.GetValues<DramCommand>().Where(command => _total.Commands(command) > 0))
            {
                counters[$"commands.{command}"] = _total.Commands(command);
            }

            int banks = _memory.Channel.Organization.Banks;
            counters["columnAccesses"] = (_total.Commands(DramCommand.MACAB) * banks) + _total.Commands(DramCommand.RD) + _total.Commands(DramCommand.WR);
            counters["activations"] = (_total.Commands(DramCommand.ACT16) * banks) + _total.Commands(DramCommand.ACT);
            counters["ioBytes"] = PimEnergy.AccessesOverPins(_total) * _memory.Channel.Organization.AccessBytes;
            counters["conventionalIoBytes"] = _conventionalBytes;
            return counters;
        }
    }

    /// <inheritdoc/>
    public void Load(ModelFootprint footprint)
    {
        _check = new PimTraceCheck(Name, footprint);
        _layout = new PimLayout(_memory, footprint);
        _layout.ThrowIfTooLarge(Name);
    }

    /// <summary>Puts a model's weights into the banks; all rows that they leave are pages of caches (<see cref="KvPage"/>), of any sequences.</summary>
    /// <param name="footprint">The model; its reserved context is the longest sequence.</param>
    /// <returns>Tokens that the pages have room for.</returns>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">Not even one page fits, with both sizes.</exception>
    public long LoadPaged(ModelFootprint footprint)
    {
        ArgumentNullException.ThrowIfNull(footprint);
        PageTokens = KvPage.Of(_memory, footprint.KvWidth / footprint.HeadDim, footprint.HeadDim).Tokens;
        _layout = new PimLayout(_memory, footprint, paged: true);
        _layout.ThrowIfTooLarge(Name);
        _check = new PimTraceCheck(Name, footprint with { Sequences = _layout.Pages });
        return (long)_layout.Pages * PageTokens;
    }

    /// <summary>Tokens of one page; 0 where the cache is not paged.</summary>
    public int PageTokens { get; private set; }

    /// <summary>Fills the banks with pages of keys and values alone: what then runs is attention over them, and their writing.</summary>
    /// <returns>Tokens that the pages have room for.</returns>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">They cannot be kept.</exception>
    internal long LoadCache(ModelFootprint cache)
    {
        PageTokens = KvPage.Of(_memory, cache.KvWidth / cache.HeadDim, cache.HeadDim).Tokens;
        _layout = new PimLayout(_memory, cache, paged: true);
        _check = new PimTraceCheck(Name, cache with { Sequences = Math.Max(1, _layout.Pages) }, cacheAlone: true);
        return (long)_layout.Pages * PageTokens;
    }

    /// <inheritdoc/>
    public long KvBytes(ModelFootprint footprint) => footprint.KvBytes;

    /// <inheritdoc/>
    public Picoseconds BeginStep(Step step, Picoseconds start) => start;

    /// <inheritdoc/>
    public Picoseconds EndStep(Step step, Picoseconds end) => end;

    /// <inheritdoc/>
    public Picoseconds Execute(in Operator op, int instance, Picoseconds start)
    {
        PimLayout layout = _layout ?? throw new InvalidOperationException("load a model first");
        _check!.Check(op, instance);
        int row = LedgerRows.Of(op.Role);
        OperatorCost cost = OperatorCost.Of(op);
        _conventionalBytes += cost.WeightBytes + cost.KvReadBytes + cost.KvWriteBytes;
        Picoseconds end = op.Kind switch
        {
            OperatorKind.Gemm => Multiply(op, layout, instance, row, start),
            OperatorKind.Attention or OperatorKind.AttentionScores => Attend(op, layout, instance, row, start),
            OperatorKind.KvAppend => Append(op, layout, instance, row, start),
            OperatorKind.Embedding => LookUp(op, layout, row, start),
            OperatorKind.Gather => Move(op, layout, row, start),
            OperatorKind.Norm => OnAsic(_asic.CostOf(op), row, OnChannels(layout.VectorRead(cost.WeightBytes), layout.VectorRow, 0, row, start)),
            _ => OnAsic(_asic.CostOf(op), row, start),
        };
        _energy.BookStandby(Ledger, row, end - start);
        Ledger.Add(row, (int)PimEnergyComponent.AsicStatic, _asic.Configuration.StaticPower * (end - start));
        _now = end;
        return end;
    }

    /// <inheritdoc/>
    public void Rest(Picoseconds span)
    {
        _now += span;
        _operation.Clear();
        _channels.Rest(_memory.Clock.EdgeAtOrAfter(_now).Value, _operation);
        _total.Add(_operation, 1);
        _energy.BookCommands(Ledger, LedgerRows.Between, _operation);
        _energy.BookStandby(Ledger, LedgerRows.Between, span);
        Ledger.Add(LedgerRows.Between, (int)PimEnergyComponent.AsicStatic, _asic.Configuration.StaticPower * span);
    }

    private Picoseconds Multiply(in Operator op, PimLayout layout, int instance, int row, Picoseconds start)
    {
        (WeightMapping mapping, int baseRow) = layout.Weights(op, instance);
        Picoseconds began = op.Bias ? OnChannels(layout.VectorRead(op.WeightType.Bytes(op.Outputs)), layout.VectorRow, 0, row, start) : start;
        Picoseconds end = began;
        for (int token = 0; token < op.Rows; token++)
        {
            end = OnChannels(mapping.Programs, baseRow, (long)op.Inputs * op.Outputs, row, end);
        }

        // Results come in while the banks go on; the ASIC adds them up as they come, and the last ones after the banks are done.
        long addsPerToken = ((mapping.Chunks - 1) + (op.Bias ? 1L : 0L)) * op.Outputs;
        if (addsPerToken == 0)
        {
            return end;
        }

        AsicCost all = _asic.Accumulate(addsPerToken * op.Rows);
        Picoseconds whenAdded = Picoseconds.Max(
            AsicEnd(_asic.Accumulate(mapping.LastResults), end),
            AsicEnd(all, began));
        BookAsic(row, whenAdded - end, all.DynamicEnergy);
        return whenAdded;
    }

    private Picoseconds Attend(in Operator op, PimLayout layout, int instance, int row, Picoseconds start)
    {
        int newTokens = op.Rows / op.Sequences;
        long usefulPerToken = (long)op.Heads * op.HeadDim;
        Picoseconds end = start;
        for (int sequence = 0; sequence < op.Sequences; sequence++)
        {
            int baseRow = layout.CacheRow(instance, sequence);
            for (int token = 0; token < newTokens; token++)
            {
                // Of a tree, and of tokens that all see each other, all scores are computed, as kernels do, and masked.
                int context = op.Mask == AttentionMask.Causal ? op.Context - newTokens + 1 + token : op.Context;
                end = OnChannels(layout.Scores(op.Heads, context), baseRow, usefulPerToken * context, row, end);
                end = AddParts(layout.ScoreParts, (long)op.Heads * context, row, end);
                end = OnAsic(_asic.Softmax(op.Heads, context), row, end);
                if (op.Kind == OperatorKind.AttentionScores)
                {
                    // For the mean over queries and heads.
                    end = OnAsic(_asic.Accumulate((long)op.Heads * context), row, end);
                    continue;
                }

                end = OnChannels(layout.WeightedSum(op.Heads, context), baseRow, usefulPerToken * context, row, end);
                end = AddParts(layout.ValueParts(context), usefulPerToken, row, end);
            }
        }

        return end;
    }

    /// <summary>Rows are read and written over the pins; the ASIC holds no more than it works on.</summary>
    private Picoseconds Move(in Operator op, PimLayout layout, int row, Picoseconds start)
    {
        long bytes = op.ActivationType.Bytes((long)op.Rows * op.Outputs);
        Picoseconds read = OnChannels(layout.VectorRead(bytes), layout.VectorRow, 0, row, start);
        return OnChannels(layout.VectorWrite(bytes), layout.VectorRow, 0, row, read);
    }

    private Picoseconds AddParts(int parts, long results, int row, Picoseconds start) =>
        parts > 1 ? OnAsic(_asic.Accumulate((parts - 1) * results), row, start) : start;

    private Picoseconds Append(in Operator op, PimLayout layout, int instance, int row, Picoseconds start)
    {
        int newTokens = op.Rows / op.Sequences;
        Picoseconds end = start;
        for (int sequence = 0; sequence < op.Sequences; sequence++)
        {
            for (int position = op.Context - newTokens; position < op.Context; position++)
            {
                end = OnChannels(layout.Append(position), layout.CacheRow(instance, sequence), 0, row, end);
            }
        }

        return end;
    }

    private Picoseconds LookUp(in Operator op, PimLayout layout, int row, Picoseconds start)
    {
        Picoseconds end = start;
        bool ofHead = op.Outputs == layout.EmbeddingWidth;
        ChannelPrograms read = ofHead ? layout.EmbeddingRead : layout.VectorRead(op.WeightType.Bytes(op.Outputs));
        for (int token = 0; token < op.Rows; token++)
        {
            end = OnChannels(read, ofHead ? layout.EmbeddingRow : layout.VectorRow, 0, row, end);
        }

        return end;
    }

    /// <summary>Runs programs on the channels and books time by use and the energy of the commands.</summary>
    /// <param name="programs">What each channel does.</param>
    /// <param name="baseRow">First row of the data.</param>
    /// <param name="products">Multiplications of the result that cannot be avoided; what they take at the full rate of all
    /// banks is the bound.</param>
    /// <param name="row">Ledger row.</param>
    /// <param name="start">When the vector is ready on the ASIC.</param>
    private Picoseconds OnChannels(ChannelPrograms programs, int baseRow, long products, int row, Picoseconds start)
    {
        ClockDomain clock = _memory.Clock;
        Cycles first = clock.EdgeAtOrAfter(start);
        _operation.Clear();
        long last = _channels.Run(programs, baseRow, first.Value, _operation, _critical);
        _total.Add(_operation, 1);
        _energy.BookCommands(Ledger, row, _operation);
        _simulation.OperationDone?.Invoke();

        Picoseconds macs = clock.TimeOf(new Cycles(_critical.CyclesOf(CycleUse.Mac)));
        long interval = Math.Max(1, _memory.Channel.Timing.OnChannel(DramCommand.MACAB, DramCommand.MACAB));
        long boundCycles = products * interval / ((long)_memory.TotalBanks * _memory.MultipliersPerBank);
        Picoseconds bound = clock.TimeOf(new Cycles(Math.Min(boundCycles, _critical.CyclesOf(CycleUse.Mac))));
        Ledger.Add(row, 0, bound);
        Ledger.Add(row, 1, macs - bound);
        for (CycleUse use = CycleUse.RowOpening; use <= CycleUse.BankAccess; use++)
        {
            Ledger.Add(row, 1 + (int)use, clock.TimeOf(new Cycles(_critical.CyclesOf(use))));
        }

        // Waiting for the channels' next clock edge counts as transfer.
        Ledger.Add(row, 1 + (int)CycleUse.VectorTransfer, clock.TimeOf(first) - start);
        return clock.TimeOf(new Cycles(last));
    }

    private Picoseconds OnAsic(AsicCost cost, int row, Picoseconds start)
    {
        Picoseconds end = AsicEnd(cost, start);
        BookAsic(row, end - start, cost.DynamicEnergy);
        return end;
    }

    private Picoseconds AsicEnd(AsicCost cost, Picoseconds start) =>
        _asic.Configuration.Clock.TimeOf(_asic.Configuration.Clock.EdgeAtOrAfter(start) + cost.Cycles);

    private void BookAsic(int row, Picoseconds span, Energy dynamicEnergy)
    {
        Ledger.Add(row, TimeComponents.Length - 1, span);
        Ledger.Add(row, (int)PimEnergyComponent.AsicDynamic, dynamicEnergy);
    }
}
