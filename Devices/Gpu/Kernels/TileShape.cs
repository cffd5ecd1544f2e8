using System.Collections.Immutable;
using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Gpu.Kernels;

/// <summary>Rows and columns of the result that one thread block of a matrix product computes.</summary>
public readonly record struct TileShape(int Rows, int Columns)
{
    /// <summary>Multiplications per number loaded, in units of FLOPs / 2: rows x columns / (rows + columns).</summary>
    public double Intensity => (double)Rows * Columns / (Rows + Columns);

    /// <summary>Reads '128x256'.</summary>
    public static bool TryParse(string text, out TileShape shape)
    {
        string[] parts = text.Split('x');
        shape = default;
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int rows)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int columns)
            || rows is < 1 or > 1024 || columns is < 1 or > 1024)
        {
            return false;
        }

        shape = new TileShape(rows, columns);
        return true;
    }

    /// <summary>Reads the tiles of a family in a stack file.</summary>
    internal static ImmutableArray<TileShape> ReadList(CatalogueEntry entry, DataNode family)
    {
        ImmutableArray<TileShape>.Builder tiles = ImmutableArray.CreateBuilder<TileShape>();
        foreach (DataNode item in entry.Unwrap(family.Required("tiles")).Items())
        {
            if (TryParse(item.Text(), out TileShape tile))
            {
                tiles.Add(tile);
            }
            else
            {
                item.Report($"'{item.RawText}' is not a tile; write rows and columns as 128x256, up to 1024 each");
            }
        }

        return tiles.ToImmutable();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rows}x{Columns}");
}
