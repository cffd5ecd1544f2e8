using System.Globalization;
using PimSim.Devices.Dram;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Pim;

/// <summary>
/// Where a model lies in the memory: all banks are filled alike from row 0 on with the weights of each layer, the vectors
/// (biases, norm weights, position table), and the cache of each layer and sequence.
/// </summary>
internal sealed class PimLayout
{
    private readonly PimMemory _memory;
    private readonly ModelFootprint _footprint;
    private readonly Dictionary<OperatorRole, (WeightMapping Mapping, int FirstRow)> _weights = [];
    private readonly Dictionary<long, ChannelPrograms> _vectorReads = [];
    private readonly KvMapping _cache;
    private readonly int _cacheFirstRow;
    private readonly long _rowsNeeded;
    private (int Heads, int Context, ChannelPrograms Programs) _scores;
    private (int Heads, int Context, ChannelPrograms Programs) _weightedSum;
    private (int Position, ChannelPrograms Programs) _append = (-1, null!);

    public PimLayout(PimMemory memory, ModelFootprint footprint)
    {
        if (footprint.WeightType.Bits() != 16 || footprint.KvType.Bits() != 16)
        {
            throw new PimSimUserException($"{memory.Name}: its MAC units multiply 16-bit numbers; {footprint.Model} has weights of {footprint.WeightType} and a cache of {footprint.KvType}");
        }

        _memory = memory;
        _footprint = footprint;
        long row = 0;
        foreach (WeightMatrix matrix in footprint.Matrices)
        {
            WeightMapping mapping = new(memory, matrix.Inputs, matrix.Outputs);
            _weights.Add(matrix.Role, (mapping, (int)Math.Min(row, int.MaxValue)));
            row += (long)mapping.RowsPerBank * matrix.Instances;
        }

        VectorRow = (int)Math.Min(row, int.MaxValue);
        long vectors = footprint.OtherParameters + footprint.Matrices.Sum(matrix => matrix.Bias ? (long)matrix.Outputs * matrix.Instances : 0);
        long bytesPerRow = (long)memory.Channel.Organization.RowBytes * memory.TotalBanks;
        row += CeilingDivision.Of(footprint.WeightType.Bytes(vectors), bytesPerRow);
        _cache = new KvMapping(memory, footprint.KvWidth / footprint.HeadDim, footprint.HeadDim, footprint.ReservedContext);
        _cacheFirstRow = (int)Math.Min(row, int.MaxValue);
        row += _cache.RowsPerBank * footprint.Layers * footprint.Sequences;
        _rowsNeeded = row;
        if (_weights.TryGetValue(OperatorRole.LmHead, out (WeightMapping Mapping, int FirstRow) head))
        {
            (EmbeddingRead, EmbeddingRow) = (head.Mapping.ReadOutput(0), head.FirstRow);
        }
    }

    /// <summary>First row of the vectors.</summary>
    public int VectorRow { get; }

    /// <summary>First row of the embedding table, which lies as the output head does.</summary>
    public int EmbeddingRow { get; }

    /// <summary>Reading one token's embedding; nothing where the banks hold a cache alone.</summary>
    public ChannelPrograms EmbeddingRead { get; } = new([]);

    /// <summary>Pieces that the query of one head is cut into.</summary>
    public int ScoreParts => _cache.ScoreParts;

    /// <summary>Refuses a model that needs more rows than there are.</summary>
    public void ThrowIfTooLarge(string device)
    {
        ChannelOrganization organization = _memory.Channel.Organization;
        if (_rowsNeeded > organization.Rows)
        {
            double bytesPerRow = (double)organization.RowBytes * _memory.TotalBanks;
            throw new PimSimUserException(string.Create(
                CultureInfo.InvariantCulture,
                $"{device}: {_footprint.Model} does not fit: weights {Gib(_footprint.WeightBytes)}, cache for {_footprint.ReservedContext} tokens x {_footprint.Sequences} {Gib(_footprint.KvBytes)}; laid out in rows {Gib(_rowsNeeded * bytesPerRow)} of {Gib(_memory.Bytes)}"));
        }
    }

    public (WeightMapping Mapping, int BaseRow) Weights(OperatorRole role, int instance)
    {
        (WeightMapping mapping, int firstRow) = _weights[role];
        return (mapping, firstRow + (instance * mapping.RowsPerBank));
    }

    public int CacheRow(int instance, int sequence) => _cacheFirstRow + (((instance * _footprint.Sequences) + sequence) * (int)_cache.RowsPerBank);

    /// <summary>Pieces that the probabilities of one head are cut into.</summary>
    public int ValueParts(int context) => _cache.ValueParts(context);

    // The equal layers of a step ask for the same programs in turn: the last one is kept.
    public ChannelPrograms Scores(int heads, int context)
    {
        if (_scores.Heads != heads || _scores.Context != context)
        {
            _scores = (heads, context, _cache.Scores(heads, context));
        }

        return _scores.Programs;
    }

    public ChannelPrograms WeightedSum(int heads, int context)
    {
        if (_weightedSum.Heads != heads || _weightedSum.Context != context)
        {
            _weightedSum = (heads, context, _cache.WeightedSum(heads, context));
        }

        return _weightedSum.Programs;
    }

    public ChannelPrograms Append(int position)
    {
        if (_append.Position != position)
        {
            _append = (position, _cache.Append(position));
        }

        return _append.Programs;
    }

    /// <summary>Reading a vector that is spread evenly over the channels, one bank in each.</summary>
    public ChannelPrograms VectorRead(long bytes)
    {
        if (!_vectorReads.TryGetValue(bytes, out ChannelPrograms? programs))
        {
            long accesses = CeilingDivision.Of(bytes, _memory.Channel.Organization.AccessBytes);
            programs = new ChannelPrograms([.. Enumerable.Range(0, _memory.Channels).Select(channel => VectorProgram(accesses, channel))]);
            _vectorReads.Add(bytes, programs);
        }

        return programs;
    }

    private PimInstruction[] VectorProgram(long accesses, int channel)
    {
        int own = (int)((accesses / _memory.Channels) + (accesses % _memory.Channels > channel ? 1 : 0));
        return own == 0 ? [] : [PimInstruction.StreamBank(DramCommand.RD, 0, 0, 0, own), PimInstruction.Close()];
    }

    private static string Gib(double bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1L << 30):F2} GiB");
}
