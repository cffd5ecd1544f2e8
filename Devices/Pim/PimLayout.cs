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
    private readonly Dictionary<(OperatorRole Role, int Inputs, int Outputs), (WeightMapping Mapping, int FirstRow)> _weights = [];
    private readonly Dictionary<(long Bytes, DramCommand Command), ChannelPrograms> _vectors = [];
    private readonly KvMapping _cache;
    private readonly int _cacheFirstRow;
    private readonly long _rowsNeeded;
    private readonly bool _paged;
    private readonly ProgramCache _scores = new();
    private readonly ProgramCache _weightedSums = new();
    private readonly ProgramCache _appends = new();

    /// <summary>Lays out a model.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="footprint">What it holds; of a paged cache the longest sequence.</param>
    /// <param name="paged">All rows that the weights leave are for pages of caches, of as many sequences as they have room for.</param>
    public PimLayout(PimMemory memory, ModelFootprint footprint, bool paged = false)
    {
        _paged = paged;
        if (footprint.WeightType.Bits() != 16 || footprint.KvType.Bits() != 16)
        {
            throw new PimSimUserException($"{memory.Name}: its MAC units multiply 16-bit numbers; {footprint.Model} has weights of {footprint.WeightType} and a cache of {footprint.KvType}");
        }

        _memory = memory;
        _footprint = footprint;
        long row = 0;
        foreach (WeightMatrix matrix in Merged(footprint))
        {
            WeightMapping mapping = new(memory, matrix.Inputs, matrix.Outputs);
            _weights.Add((matrix.Role, matrix.Inputs, matrix.Outputs), (mapping, (int)Math.Min(row, int.MaxValue)));
            row += (long)mapping.RowsPerBank * matrix.Instances;
            if (matrix.Role == OperatorRole.LmHead && EmbeddingWidth == 0)
            {
                EmbeddingWidth = matrix.Inputs;
                (EmbeddingRead, EmbeddingRow) = (mapping.ReadOutput(0), _weights[(matrix.Role, matrix.Inputs, matrix.Outputs)].FirstRow);
            }
        }

        VectorRow = (int)Math.Min(row, int.MaxValue);
        long vectors = footprint.OtherParameters + footprint.Matrices.Sum(matrix => matrix.Bias ? (long)matrix.Outputs * matrix.Instances : 0);
        long bytesPerRow = (long)memory.Channel.Organization.RowBytes * memory.TotalBanks;
        row += CeilingDivision.Of(footprint.WeightType.Bytes(vectors), bytesPerRow);
        int kvHeads = footprint.KvWidth / footprint.HeadDim;
        _cache = new KvMapping(memory, kvHeads, footprint.HeadDim, footprint.ReservedContext, paged);
        _cacheFirstRow = (int)Math.Min(row, int.MaxValue);
        if (paged)
        {
            long pageRows = (long)KvPage.Of(memory, kvHeads, footprint.HeadDim).Rows * footprint.Layers;
            Pages = (int)Math.Max(0, (memory.Channel.Organization.Rows - row) / pageRows);
            row += pageRows;
        }
        else
        {
            long rows = _cache.RowsPerBank * footprint.Layers * footprint.Sequences;

            // Caches of drafts fill rows as well as the main one does.
            long main = footprint.KvBytes - footprint.OtherKvBytes;
            row += rows + (footprint.OtherKvBytes == 0 ? 0 : (long)Math.Ceiling((double)rows * footprint.OtherKvBytes / main));
        }

        _rowsNeeded = row;
    }

    /// <summary>Matrices by role and shape; those that differ in nothing but a bias lie together.</summary>
    internal static IEnumerable<WeightMatrix> Merged(ModelFootprint footprint) => footprint.Matrices
        .GroupBy(matrix => (matrix.Role, matrix.Inputs, matrix.Outputs))
        .Select(group => group.First() with { Instances = group.Sum(matrix => matrix.Instances), Bias = group.Any(matrix => matrix.Bias) });

    /// <summary>Pages of caches there is room for, each for all layers; 0 where the cache is not paged.</summary>
    public int Pages { get; }

    /// <summary>First row of the vectors.</summary>
    public int VectorRow { get; }

    /// <summary>First row of the embedding table, which lies as the output head does.</summary>
    public int EmbeddingRow { get; }

    /// <summary>Width of that table; 0 where the banks hold a cache alone.</summary>
    public int EmbeddingWidth { get; }

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
                $"{device}: {_footprint.Model} does not fit: weights {Gib(_footprint.WeightBytes)}, cache for {(_paged ? "one page" : $"{_footprint.ReservedContext} tokens x {_footprint.Sequences} {Gib(_footprint.KvBytes)}")}; laid out in rows {Gib(_rowsNeeded * bytesPerRow)} of {Gib(_memory.Bytes)}"));
        }
    }

    /// <summary>A matrix by role and shape.</summary>
    public (WeightMapping Mapping, int BaseRow) Weights(in Operator op, int instance)
    {
        (WeightMapping mapping, int firstRow) = _weights[(op.Role, op.Inputs, op.Outputs)];
        return (mapping, firstRow + (instance * mapping.RowsPerBank));
    }

    /// <summary>First row of a cache. Pages lie anywhere, at the same cost: all take the place of the first.</summary>
    public int CacheRow(int instance, int sequence) => _paged ? _cacheFirstRow : _cacheFirstRow + (((instance * _footprint.Sequences) + sequence) * (int)_cache.RowsPerBank);

    /// <summary>Pieces that the probabilities of one head are cut into.</summary>
    public int ValueParts(int context) => _cache.ValueParts(context);

    public ChannelPrograms Scores(int heads, int context) =>
        _scores.Get(heads, CeilingDivision.Of(context, _memory.Channel.Organization.Banks), _cache, context, static (cache, heads, context) => cache.Scores(heads, context));

    public ChannelPrograms WeightedSum(int heads, int context) =>
        _weightedSums.Get(heads, CeilingDivision.Of(context, _memory.MultipliersPerBank), _cache, context, static (cache, heads, context) => cache.WeightedSum(heads, context));

    public ChannelPrograms Append(int position) => _appends.Get(0, position, _cache, position, static (cache, _, position) => cache.Append(position));

    /// <summary>Reading a vector that is spread evenly over the channels, one bank in each.</summary>
    public ChannelPrograms VectorRead(long bytes) => Vector(bytes, DramCommand.RD);

    /// <summary>Writing one.</summary>
    public ChannelPrograms VectorWrite(long bytes) => Vector(bytes, DramCommand.WR);

    private ChannelPrograms Vector(long bytes, DramCommand command)
    {
        if (!_vectors.TryGetValue((bytes, command), out ChannelPrograms? programs))
        {
            long accesses = CeilingDivision.Of(bytes, _memory.Channel.Organization.AccessBytes);
            programs = new ChannelPrograms([.. Enumerable.Range(0, _memory.Channels).Select(channel => VectorProgram(accesses, channel, command))]);
            _vectors.Add((bytes, command), programs);
        }

        return programs;
    }

    private PimInstruction[] VectorProgram(long accesses, int channel, DramCommand command)
    {
        int own = (int)((accesses / _memory.Channels) + (accesses % _memory.Channels > channel ? 1 : 0));
        return own == 0 ? [] : [PimInstruction.StreamBank(command, 0, 0, 0, own), PimInstruction.Close()];
    }

    private static string Gib(double bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1L << 30):F2} GiB");
}
