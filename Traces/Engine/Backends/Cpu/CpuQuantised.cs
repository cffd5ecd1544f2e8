using System.Runtime.InteropServices;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Backends.Cpu;

/// <summary>
/// Activations as integers with scales. Each row holds its packed integers, rounded up to whole words, then its scales. Lives as long as a
/// <see cref="CpuTensor"/> made at its place.
/// </summary>
public readonly struct CpuQuantised : IQuantisedTensor
{
    private readonly CpuTensor _words;

    internal CpuQuantised(CpuTensor words, int columns, DataType type, int groupSize)
    {
        _words = words;
        Columns = columns;
        Type = type;
        GroupSize = groupSize;
    }

    /// <inheritdoc/>
    public int Rows => _words.Rows;

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public DataType Type { get; }

    /// <inheritdoc/>
    public int GroupSize { get; }

    /// <inheritdoc/>
    public DataType ActivationType => DataType.Fp32;

    private int Words => WordsOf(Columns, Type);

    /// <summary>The integers of a row, packed.</summary>
    /// <exception cref="ObjectDisposedException">The tensor has outlived its block.</exception>
    public ReadOnlySpan<byte> Stored(int row) => WritableStored(row);

    /// <summary>The scale of each group of columns of a row.</summary>
    /// <exception cref="ObjectDisposedException">The tensor has outlived its block.</exception>
    public ReadOnlySpan<float> Scales(int row) => WritableScales(row);

    /// <summary>Words that hold a row with its scales.</summary>
    internal static int RowWords(int columns, DataType type, int groupSize) => checked(WordsOf(columns, type) + (columns / groupSize));

    internal Span<byte> WritableStored(int row) => MemoryMarshal.AsBytes(_words.WritableRow(row)[..Words])[..(int)Type.Bytes(Columns)];

    internal Span<float> WritableScales(int row) => _words.WritableRow(row)[Words..];

    /// <inheritdoc/>
    public override string ToString() => $"CpuQuantised [{Rows}, {Columns}] of {Type}";

    private static int WordsOf(int columns, DataType type) => (int)((type.Bytes(columns) + sizeof(float) - 1) / sizeof(float));
}
