using PimSim.Devices.Dram;

namespace PimSim.Devices.Pim;

/// <summary>
/// A weight matrix [inputs, outputs] in the banks of all channels. Output n lives in bank n mod (all banks), so that one
/// all-bank command works on as many outputs as there are banks. The inputs are cut into chunks as long as the global
/// buffer; a chunk's columns are packed one output after another, so that rows are filled whatever the matrix's shape, and
/// a matrix of several heads fills them with several heads. The ASIC adds up the chunks' partial sums.
/// </summary>
public sealed class WeightMapping
{
    private readonly PimMemory _memory;
    private readonly int _inputs;
    private readonly int _outputs;

    /// <summary>Lays out a matrix.</summary>
    public WeightMapping(PimMemory memory, int inputs, int outputs)
    {
        _memory = memory;
        _inputs = inputs;
        _outputs = outputs;
        long rows = 0;
        for (int chunk = 0; chunk < Chunks; chunk++)
        {
            rows += RowsOf(chunk);
        }

        RowsPerBank = checked((int)rows);
        Programs = new ChannelPrograms([.. Enumerable.Range(0, memory.Channels).Select(BuildProgram)]);
    }

    /// <summary>Rows of every bank that one instance takes.</summary>
    public int RowsPerBank { get; }

    /// <summary>One product with a vector.</summary>
    public ChannelPrograms Programs { get; }

    /// <summary>Number of pieces that the input vector is cut into.</summary>
    public int Chunks => CeilingDivision.Of(_inputs, BufferElements);

    /// <summary>Results that the fullest channel returns in its last read-out, all channels together: what the ASIC still has
    /// to add when the banks are done.</summary>
    public int LastResults
    {
        get
        {
            int rounds = RoundsOf(0);
            int last = ((rounds - 1) % _memory.AccumulatorsPerBank) + 1;
            return Math.Min(_outputs, last * _memory.TotalBanks);
        }
    }

    private int BufferElements => _memory.GlobalBufferBytes / _memory.Channel.Organization.AccessBytes * _memory.MultipliersPerBank;

    /// <summary>Reading one output's weights (a row of an embedding table) from the bank that holds it.</summary>
    public ChannelPrograms ReadOutput(int output)
    {
        int columnsPerRow = _memory.Channel.Organization.ColumnsPerRow;
        int banks = _memory.Channel.Organization.Banks;
        int slot = output % _memory.TotalBanks;
        int round = output / _memory.TotalBanks;
        ProgramBuilder builder = new(columnsPerRow, _memory.AccumulatorsPerBank);
        long chunkStart = 0;
        for (int chunk = 0; chunk < Chunks; chunk++)
        {
            long column = chunkStart + ((long)round * ChunkColumns(chunk));
            builder.Add(PimInstruction.StreamBank(DramCommand.RD, slot % banks, (int)(column / columnsPerRow), (int)(column % columnsPerRow), ChunkColumns(chunk)));
            chunkStart += RowsOf(chunk) * columnsPerRow;
        }

        PimInstruction[] program = builder.Finish();
        return new ChannelPrograms([.. Enumerable.Range(0, _memory.Channels).Select(channel => channel == slot / banks ? program : [])]);
    }

    private PimInstruction[] BuildProgram(int channel)
    {
        int columnsPerRow = _memory.Channel.Organization.ColumnsPerRow;
        int rounds = RoundsOf(channel);
        ProgramBuilder builder = new(columnsPerRow, _memory.AccumulatorsPerBank);
        long chunkStart = 0;
        for (int chunk = 0; chunk < Chunks && rounds > 0; chunk++)
        {
            int columns = ChunkColumns(chunk);
            builder.LoadBuffer(columns);
            for (int round = 0; round < rounds; round++)
            {
                builder.Accumulate(chunkStart + ((long)round * columns), columns);
            }

            // A result belongs to one chunk: the buffer is about to change.
            builder.ReadResults();
            chunkStart += RowsOf(chunk) * columnsPerRow;
        }

        return builder.Finish();
    }

    /// <summary>Outputs per bank of a channel; channel 0 has the most.</summary>
    private int RoundsOf(int channel)
    {
        int full = _outputs / _memory.TotalBanks;
        int rest = _outputs % _memory.TotalBanks;
        return full + (rest > channel * _memory.Channel.Organization.Banks ? 1 : 0);
    }

    /// <summary>Rows of every bank that a chunk takes: as many as in the fullest.</summary>
    private long RowsOf(int chunk) => CeilingDivision.Of((long)RoundsOf(0) * ChunkColumns(chunk), _memory.Channel.Organization.ColumnsPerRow);

    private int ChunkColumns(int chunk) =>
        (int)CeilingDivision.Of(Math.Min(BufferElements, _inputs - ((long)chunk * BufferElements)), _memory.MultipliersPerBank);
}
