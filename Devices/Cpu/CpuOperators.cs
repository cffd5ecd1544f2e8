using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Cpu;

/// <summary>
/// Costs of operators on a host processor from their shapes, in the data types of the stack. Equations and sources: docs/cpu.md.
/// </summary>
internal sealed class CpuOperators
{
    private readonly CpuSpecification _processor;
    private readonly CpuStack _stack;
    private readonly int _threads;
    private readonly Rates _alone;
    private readonly Rates _together;

    /// <summary>Prepares the rates of one thread and of all.</summary>
    public CpuOperators(CpuSpecification processor, CpuStack stack)
    {
        _processor = processor;
        _stack = stack;
        _threads = stack.Threads == 0 ? processor.Cores.Cores : Math.Min(stack.Threads, processor.Cores.Cores);
        _alone = new Rates(processor, stack, 1);
        _together = new Rates(processor, stack, _threads);
    }

    /// <summary>Bytes that a step goes through: what is read once a step stays in a cache only if all of it does.</summary>
    public long ModelBytes { get; set; } = long.MaxValue;

    /// <summary>The cost of an operator whose types are those of the stack.</summary>
    public CpuCost Of(in Operator op)
    {
        OperatorCost cost = OperatorCost.Of(op);
        int kernels = _stack.Kernels.Of(op);
        bool parallel = _threads > 1 && cost.Bytes >= _stack.Calls.ParallelFrom;
        Rates rates = parallel ? _together : _alone;
        long fork = parallel ? _stack.Calls.Fork.Value + (_threads * _stack.Calls.ForkPerThread.Value) : 0;
        double seconds = op.Kind switch
        {
            OperatorKind.Gemm => ProductSeconds(op.Rows, op.Inputs, op.Outputs, op.WeightType, rates),
            OperatorKind.GroupedGemm => ProductSeconds(CeilingDivision.Of(op.Rows, op.Experts), op.Inputs, op.Outputs, op.WeightType, rates, op.Experts),
            OperatorKind.Convolution => ProductSeconds(
                op.Sequences * OperatorCost.ConvolvedTokens(op.Rows / op.Sequences, op.Taps, op.Stride, op.Padding), (long)op.Taps * op.Inputs, op.Outputs, op.WeightType, rates),
            OperatorKind.Attention => AttentionSeconds(op, cost.Flops, rates, tensors: 2),

            // Keys alone.
            OperatorKind.AttentionScores => AttentionSeconds(op, cost.Flops, rates, tensors: 1),
            _ => cost.Flops / (rates.Flops * _stack.Achieved.Elementwise),
        };
        Traffic traffic = TrafficOf(op, cost, rates.Threads);
        return new CpuCost(
            kernels * _stack.Calls.Call.Value,
            kernels * fork,
            Picoseconds(traffic.Seconds(rates)),
            Picoseconds(seconds),
            kernels,
            cost.Flops,
            traffic.L2,
            traffic.L3,
            traffic.MemoryRead + traffic.MemoryMixed);
    }

    /// <summary>
    /// A product in pieces of <see cref="CpuTile.Rows"/> x <see cref="CpuTile.Columns"/>, dealt out to the threads: whoever gets one more is
    /// waited for. The weights are unpacked once. Of several matrices each has so many rows.
    /// </summary>
    private double ProductSeconds(long rows, long inputs, long outputs, DataType weights, Rates rates, long matrices = 1)
    {
        CpuTile tile = _stack.Tile;
        long height = Math.Min(rows, tile.Rows);
        long passes = CeilingDivision.Of(rows, tile.Rows);
        long width = Math.Min(outputs, tile.Columns);
        long pieces = matrices * passes * CeilingDivision.Of(outputs, tile.Columns);
        double piecesOfThread = CeilingDivision.Of(pieces, rates.Threads);
        double flopsOfPiece = 2.0 * height * width * (inputs + tile.Overhead);
        return (piecesOfThread * flopsOfPiece / (rates.FlopsOfThread * _stack.Achieved.Gemm)) + UnpackSeconds((double)matrices * inputs * outputs, weights, rates);
    }

    /// <summary>Heads of all sequences, and blocks of their queries, are dealt out to the threads.</summary>
    private double AttentionSeconds(in Operator op, long flops, Rates rates, int tensors)
    {
        long queries = op.Rows / op.Sequences;
        long pieces = (long)op.Sequences * op.Heads * CeilingDivision.Of(queries, _stack.Tile.Rows);
        double waiting = (double)CeilingDivision.Of(pieces, rates.Threads) * rates.Threads / pieces;
        double keysAndValues = (double)tensors * op.Sequences * op.Context * op.KvHeads * op.HeadDim;
        return waiting * ((flops / (rates.Flops * _stack.Achieved.Attention)) + UnpackSeconds(keysAndValues, op.KvType, rates));
    }

    private double UnpackSeconds(double numbers, DataType type, Rates rates) =>
        numbers * _stack.Tile.Unpack.GetValueOrDefault(type) / (rates.OperationsOfThread * rates.Threads);

    /// <summary>
    /// Weights, keys and values come from memory unless the whole model fits a cache. Activations were just written: they are in the nearest
    /// cache that holds them. What is read again for each pass over the tokens comes from the second level.
    /// </summary>
    private Traffic TrafficOf(in Operator op, in OperatorCost cost, int threads)
    {
        long l2 = threads * _processor.Caches.L2Bytes;
        long l3 = _processor.Caches.L3Bytes;
        long stored = cost.WeightBytes + cost.KvReadBytes;
        long fresh = cost.ActivationBytes + cost.KvWriteBytes;
        long rowsOfWeights = op.Kind switch
        {
            OperatorKind.Gemm or OperatorKind.Convolution => op.Rows,
            OperatorKind.GroupedGemm => CeilingDivision.Of(op.Rows, op.Experts),
            OperatorKind.Attention or OperatorKind.AttentionScores => op.Rows / op.Sequences,
            _ => 1,
        };
        long passes = CeilingDivision.Of(rowsOfWeights, _stack.Tile.Rows);
        return new Traffic(
            (stored * passes) + fresh,
            (ModelBytes > l2 ? stored : 0) + (fresh > l2 ? fresh : 0),
            ModelBytes > l3 ? stored : 0,
            fresh > l3 ? fresh : 0);
    }

    private static long Picoseconds(double seconds) => (long)Math.Ceiling(seconds * 1e12);

    /// <summary>Bytes that pass each level; what comes from further away passes the nearer ones too.</summary>
    private readonly record struct Traffic(long L2, long L3, long MemoryRead, long MemoryMixed)
    {
        /// <summary>The levels work at once: the slowest one is waited for.</summary>
        public double Seconds(Rates rates) => Math.Max(
            (MemoryRead / rates.Reading) + (MemoryMixed / rates.ReadingAndWriting), Math.Max(L2 / rates.L2, L3 / rates.L3));
    }

    /// <summary>What so many threads do per second.</summary>
    private sealed class Rates
    {
        public Rates(CpuSpecification processor, CpuStack stack, int threads)
        {
            double hertz = processor.Cores.Hertz(threads);
            Threads = threads;
            Flops = processor.Cores.PeakFlops(threads, stack.ActivationType);
            OperationsOfThread = hertz * processor.Cores.FmaUnits * processor.Cores.Lanes;
            L2 = threads * hertz * processor.Caches.L2BytesPerClock;
            L3 = threads * hertz * processor.Caches.L3BytesPerClock;
            CpuBandwidth bandwidth = new(processor.Memory);
            Reading = bandwidth.Reading(threads) * stack.Achieved.Bandwidth;
            ReadingAndWriting = bandwidth.ReadingAndWriting(threads) * stack.Achieved.Bandwidth;
        }

        public int Threads { get; }

        public double Flops { get; }

        public double FlopsOfThread => Flops / Threads;

        /// <summary>Numbers that one thread's vector units take per second in operations other than products.</summary>
        public double OperationsOfThread { get; }

        public double L2 { get; }

        public double L3 { get; }

        public double Reading { get; }

        public double ReadingAndWriting { get; }
    }
}
