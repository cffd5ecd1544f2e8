namespace PimSim.Traces.Format.Documents;

/// <summary>Bounds that a rate or a share must keep so that no time or energy becomes infinite.</summary>
public static class CatalogueBounds
{
    /// <summary>Reads a quantity above zero.</summary>
    public static decimal Positive(this CatalogueEntry entry, DataNode parent, string key, Dimension dimension)
    {
        decimal value = entry.Quantity(parent, key, dimension);
        if (value > 0)
        {
            return value;
        }

        parent.Optional(key).Report("0 is not possible; more than 0 is needed");
        return 1;
    }

    /// <summary>Reads a part of a whole, above 0 and at most 1.</summary>
    public static decimal Share(this CatalogueEntry entry, DataNode parent, string key)
    {
        decimal value = entry.Positive(parent, key, Dimension.Ratio);
        if (value > 1)
        {
            parent.Optional(key).Report("more than the whole; at most 1 (100 %) is possible");
        }

        return value;
    }

    /// <summary>Reads a quantity within bounds; sizes and times are whole numbers of their unit. What lies outside is reported
    /// with <paramref name="range"/>, where it was written.</summary>
    public static decimal Within(this CatalogueEntry entry, DataNode parent, string key, Dimension dimension, decimal minimum, decimal maximum, string range)
    {
        DataNode node = entry.Unwrap(parent.Required(key));
        decimal value = node.Quantity(dimension, minimum);
        if (value < minimum || value > maximum || (dimension is Dimension.Size or Dimension.Time && value != Math.Truncate(value)))
        {
            node.Report($"'{node.RawText}' is not possible: {range}");
            return minimum;
        }

        return value;
    }
}
