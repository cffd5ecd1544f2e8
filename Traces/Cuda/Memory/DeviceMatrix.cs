using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using PimSim.Traces.Cuda.Kernels;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Cuda.Memory;

/// <summary>A matrix of weights in the memory of the device, in its own storage, each row padded with zeros to whole chunks.</summary>
internal sealed class DeviceMatrix : IDisposable
{
    // Enough for the bus, little for the host.
    private const int StagingChunks = 1 << 18;

    private readonly MemoryBuffer1D<Chunk, Stride1D.Dense> _chunks;
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _scales;

    /// <summary>Copies a matrix to the device.</summary>
    public DeviceMatrix(CudaDevice device, WeightTensor source)
    {
        Type = source.Type;
        Rows = source.Rows;
        Columns = source.Columns;
        GroupSize = source.GroupSize;
        Stride = Chunks(source.RowBytes);
        if (source.GroupSize > 0 && (source.Columns % source.GroupSize != 0 || source.Scales.Length != (long)source.Rows * (source.Columns / source.GroupSize)))
        {
            throw new ArgumentException($"{source.Scales.Length} scales do not fit [{source.Rows}, {source.Columns}] in groups of {source.GroupSize}", nameof(source));
        }

        _chunks = device.Allocate<Chunk>((long)Rows * Stride, "weights");
        _scales = device.Allocate<float>(Math.Max(1, source.Scales.Length), "scales");
        if (!source.Scales.IsEmpty)
        {
            _scales.View.BaseView.CopyFromCPU(device.Accelerator.DefaultStream, source.Scales.Span);
        }

        Upload(device.Accelerator, source);
    }

    /// <summary>Storage.</summary>
    public DataType Type { get; }

    /// <summary>Outputs, or entries of a table.</summary>
    public int Rows { get; }

    /// <summary>Inputs, or the width of an entry.</summary>
    public int Columns { get; }

    /// <summary>Columns with one scale; 0 if there are no scales.</summary>
    public int GroupSize { get; }

    /// <summary>Chunks from one row to the next.</summary>
    public int Stride { get; }

    public ArrayView<Chunk> Packed => _chunks.View.BaseView;

    public ArrayView<uint> Words => _chunks.View.Cast<Chunk, uint>().BaseView;

    public ArrayView<float> Scales => _scales.View.BaseView;

    /// <summary>Leading chunks of a row that are full and lie within one scale each.</summary>
    public int WholeChunks
    {
        get
        {
            int values = Chunk.Words * 32 / Type.Bits();
            return GroupSize % values == 0 ? Columns / values : 0;
        }
    }

    /// <summary>Bytes that a matrix takes on a device.</summary>
    public static long Bytes(WeightTensor source) =>
        ((long)source.Rows * Chunks(source.RowBytes) * Chunk.Words * sizeof(uint)) + ((long)source.Scales.Length * sizeof(float));

    /// <inheritdoc/>
    public void Dispose()
    {
        _chunks.Dispose();
        _scales.Dispose();
    }

    private static int Chunks(int rowBytes) => (rowBytes + (Chunk.Words * sizeof(uint)) - 1) / (Chunk.Words * sizeof(uint));

    private void Upload(Accelerator accelerator, WeightTensor source)
    {
        int rowBytes = source.RowBytes;
        int rowsAtOnce = (int)Math.Clamp(StagingChunks / Stride, 1, (long)Rows);
        var staging = new Chunk[rowsAtOnce * Stride];
        long uploaded = 0;
        int staged = 0;
        foreach (WeightSegment segment in source.Segments)
        {
            for (int row = 0; row < segment.Rows; row++)
            {
                ReadOnlySpan<byte> from = segment.Memory.Bytes(segment.Offset + ((long)row * rowBytes), rowBytes);
                from.CopyTo(MemoryMarshal.AsBytes(staging.AsSpan(staged * Stride, Stride)));
                staged++;
                if (staged == rowsAtOnce)
                {
                    Flush();
                }
            }
        }

        Flush();
        if (uploaded != Rows)
        {
            throw new ArgumentException($"the segments hold {uploaded} of {Rows} rows", nameof(source));
        }

        void Flush()
        {
            if (staged > 0 && uploaded + staged <= Rows)
            {
                _chunks.View.BaseView.SubView(uploaded * Stride, (long)staged * Stride)
                    .CopyFromCPU(accelerator.DefaultStream, new ReadOnlySpan<Chunk>(staging, 0, staged * Stride));
            }

            uploaded += staged;
            staged = 0;
        }
    }
}
