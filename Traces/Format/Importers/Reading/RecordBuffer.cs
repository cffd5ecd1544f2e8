namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>The bytes of one record, in an array that grows and is used again for the next.</summary>
internal sealed class RecordBuffer
{
    /// <summary>The bytes; those after <see cref="Length"/> are older.</summary>
    public byte[] Bytes { get; private set; } = new byte[256];

    /// <summary>How many bytes count.</summary>
    public int Length { get; private set; }

    public void Clear() => Length = 0;

    public void Add(byte value)
    {
        if (Length == Bytes.Length)
        {
            byte[] larger = new byte[2 * Length];
            Bytes.CopyTo(larger, 0);
            Bytes = larger;
        }

        Bytes[Length++] = value;
    }
}
