using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PimSim.Traces.Training.Numerics;

/// <summary>
/// C = A B or C += A B on one thread. Both factors are copied into the order in which the inner loop reads them, so that transposed
/// views cost nothing more; 8 rows by 2 vectors of C stay in registers. Every element of C is summed in the order of the depth.
/// One object per thread: it owns the copies.
/// </summary>
internal sealed class MatrixProduct<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int TileRows = 8;

    private static readonly int TileColumns = 2 * Vector512<T>.Count;

    private readonly T[] _edge = new T[TileRows * 2 * Vector512<T>.Count];
    private T[] _left = [];
    private T[] _right = [];

    /// <summary>Computes <paramref name="c"/> = a b, or adds the product to it. Rows of c must be contiguous.</summary>
    public void Compute(MatrixView<T> a, MatrixView<T> b, MatrixView<T> c, bool accumulate)
    {
        if (a.Columns != b.Rows || c.Rows != a.Rows || c.Columns != b.Columns || c.ColumnStride != 1)
        {
            throw new ArgumentException($"[{a.Rows}, {a.Columns}] x [{b.Rows}, {b.Columns}] does not give [{c.Rows}, {c.Columns}]", nameof(c));
        }

        int depth = a.Columns;
        PackLeft(a);
        Grow(ref _right, depth * TileColumns);
        for (int column = 0; column < c.Columns; column += TileColumns)
        {
            int columns = Math.Min(TileColumns, c.Columns - column);
            PackRight(b, column, columns);
            for (int row = 0; row < c.Rows; row += TileRows)
            {
                int rows = Math.Min(TileRows, c.Rows - row);
                ref T left = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_left), (nint)row * depth);
                ref T target = ref Unsafe.Add(ref c.Origin, ((nint)row * c.RowStride) + column);
                if (rows == TileRows && columns == TileColumns)
                {
                    Tile(depth, ref left, ref MemoryMarshal.GetArrayDataReference(_right), ref target, c.RowStride, accumulate);
                }
                else
                {
                    Tile(depth, ref left, ref MemoryMarshal.GetArrayDataReference(_right), ref _edge[0], TileColumns, accumulate: false);
                    CopyEdge(rows, columns, ref target, c.RowStride, accumulate);
                }
            }
        }
    }

    private static void Grow(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new T[length];
        }
    }

    private void PackLeft(MatrixView<T> a)
    {
        int depth = a.Columns;
        int tiles = (a.Rows + TileRows - 1) / TileRows;
        Grow(ref _left, tiles * TileRows * depth);
        ref T target = ref MemoryMarshal.GetArrayDataReference(_left);
        for (int tile = 0; tile < tiles; tile++)
        {
            int rows = Math.Min(TileRows, a.Rows - (tile * TileRows));
            ref T source = ref Unsafe.Add(ref a.Origin, (nint)tile * TileRows * a.RowStride);
            ref T packed = ref Unsafe.Add(ref target, (nint)tile * TileRows * depth);
            for (int row = 0; row < TileRows; row++)
            {
                // Rows beyond the edge are zeros, whose products are not copied to C.
                if (row >= rows)
                {
                    for (int k = 0; k < depth; k++)
                    {
                        Unsafe.Add(ref packed, (nint)(k * TileRows) + row) = T.Zero;
                    }

                    continue;
                }

                ref T line = ref Unsafe.Add(ref source, (nint)row * a.RowStride);
                for (int k = 0; k < depth; k++)
                {
                    Unsafe.Add(ref packed, (nint)(k * TileRows) + row) = Unsafe.Add(ref line, (nint)k * a.ColumnStride);
                }
            }
        }
    }

    private void PackRight(MatrixView<T> b, int column, int columns)
    {
        int width = TileColumns;
        ref T packed = ref MemoryMarshal.GetArrayDataReference(_right);
        ref T source = ref Unsafe.Add(ref b.Origin, (nint)column * b.ColumnStride);
        if (columns < width)
        {
            _right.AsSpan(0, b.Rows * width).Clear();
        }

        if (b.ColumnStride == 1)
        {
            for (int k = 0; k < b.Rows; k++)
            {
                MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref source, (nint)k * b.RowStride), columns)
                    .CopyTo(_right.AsSpan(k * width, columns));
            }

            return;
        }

        for (int n = 0; n < columns; n++)
        {
            ref T line = ref Unsafe.Add(ref source, (nint)n * b.ColumnStride);
            for (int k = 0; k < b.Rows; k++)
            {
                Unsafe.Add(ref packed, (nint)(k * width) + n) = Unsafe.Add(ref line, (nint)k * b.RowStride);
            }
        }
    }

    private void CopyEdge(int rows, int columns, ref T target, int stride, bool accumulate)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                ref T element = ref Unsafe.Add(ref target, ((nint)row * stride) + column);
                T value = _edge[(row * TileColumns) + column];
                element = accumulate ? element + value : value;
            }
        }
    }

    private static void Tile(int depth, ref T a, ref T b, ref T c, int stride, bool accumulate)
    {
        Vector512<T> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        Vector512<T> c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        for (int k = 0; k < depth; k++)
        {
            Vector512<T> b0 = Vector512.LoadUnsafe(ref b);
            Vector512<T> b1 = Vector512.LoadUnsafe(ref b, (nuint)Vector512<T>.Count);
            Vector512<T> x = Vector512.Create(a);
            c00 = Lanes.MultiplyAdd(x, b0, c00);
            c01 = Lanes.MultiplyAdd(x, b1, c01);
            x = Vector512.Create(Unsafe.Add(ref a, 1));
            c10 = Lanes.MultiplyAdd(x, b0, c10);
            c11 = Lanes.MultiplyAdd(x, b1, c11);
            x = Vector512.Create(Unsafe.Add(ref a, 2));
            c20 = Lanes.MultiplyAdd(x, b0, c20);
            c21 = Lanes.MultiplyAdd(x, b1, c21);
            x = Vector512.Create(Unsafe.Add(ref a, 3));
            c30 = Lanes.MultiplyAdd(x, b0, c30);
            c31 = Lanes.MultiplyAdd(x, b1, c31);
            x = Vector512.Create(Unsafe.Add(ref a, 4));
            c40 = Lanes.MultiplyAdd(x, b0, c40);
            c41 = Lanes.MultiplyAdd(x, b1, c41);
            x = Vector512.Create(Unsafe.Add(ref a, 5));
            c50 = Lanes.MultiplyAdd(x, b0, c50);
            c51 = Lanes.MultiplyAdd(x, b1, c51);
            x = Vector512.Create(Unsafe.Add(ref a, 6));
            c60 = Lanes.MultiplyAdd(x, b0, c60);
            c61 = Lanes.MultiplyAdd(x, b1, c61);
            x = Vector512.Create(Unsafe.Add(ref a, 7));
            c70 = Lanes.MultiplyAdd(x, b0, c70);
            c71 = Lanes.MultiplyAdd(x, b1, c71);
            a = ref Unsafe.Add(ref a, TileRows);
            b = ref Unsafe.Add(ref b, 2 * Vector512<T>.Count);
        }

        Store(ref c, c00, c01, accumulate);
        Store(ref Unsafe.Add(ref c, stride), c10, c11, accumulate);
        Store(ref Unsafe.Add(ref c, 2 * (nint)stride), c20, c21, accumulate);
        Store(ref Unsafe.Add(ref c, 3 * (nint)stride), c30, c31, accumulate);
        Store(ref Unsafe.Add(ref c, 4 * (nint)stride), c40, c41, accumulate);
        Store(ref Unsafe.Add(ref c, 5 * (nint)stride), c50, c51, accumulate);
        Store(ref Unsafe.Add(ref c, 6 * (nint)stride), c60, c61, accumulate);
        Store(ref Unsafe.Add(ref c, 7 * (nint)stride), c70, c71, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref T target, Vector512<T> low, Vector512<T> high, bool accumulate)
    {
        if (accumulate)
        {
            low += Vector512.LoadUnsafe(ref target);
            high += Vector512.LoadUnsafe(ref target, (nuint)Vector512<T>.Count);
        }

        low.StoreUnsafe(ref target);
        high.StoreUnsafe(ref target, (nuint)Vector512<T>.Count);
    }
}
