using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Mapping;

/// <summary>Where a burst lies.</summary>
/// <param name="Channel">Channel.</param>
/// <param name="Bank">Bank of the channel, numbered through (<see cref="DramOrganization"/>).</param>
/// <param name="Row">Row of the bank.</param>
/// <param name="Column">Burst of the row.</param>
public readonly record struct DramLocation(int Channel, int Bank, int Row, int Column);

/// <summary>
/// Takes a byte address to channel, bank, row and burst and back. Every bit of the result is the exclusive or of address bits,
/// so the contributions of the address's bytes can be tabled apart and combined: a few loads for any mapping.
/// </summary>
public sealed class AddressMapping
{
    // The result packed into 64 bits.
    private const int RowShift = 16;
    private const int BankShift = 40;
    private const int ChannelShift = 52;
    private const int SliceCount = 5;
    private const int SliceEntries = 256;

    private readonly int _offsetBits;
    private readonly ulong[] _slices = new ulong[SliceCount * SliceEntries];
    private readonly ulong[] _unitOf;

    private AddressMapping(string text, AddressFields fields)
    {
        Text = text;
        Organization = fields.Organization;
        Channels = fields.Channels;
        Bytes = Organization.Bytes * Channels;
        _offsetBits = int.Log2(Organization.AccessBytes);
        CheckSizes(fields);
        ulong[][] layout = AddressLayout.Read(text, fields, _offsetBits);
        CheckUnequalSizes(fields, layout);

        // Packed bit and address mask of everything that is selected.
        List<Output> outputs = [];
        int bankBit = BankShift;
        foreach (AddressField field in (AddressField[])[AddressField.Bank, AddressField.BankGroup, AddressField.Rank, AddressField.PseudoChannel])
        {
            Add(field, bankBit);
            bankBit += fields.Bits(field);
        }

        Add(AddressField.Column, 0);
        Add(AddressField.Row, RowShift);
        Add(AddressField.Channel, ChannelShift);
        _unitOf = Invert(outputs);
        FillSlices(outputs);

        void Add(AddressField field, int bit)
        {
            foreach (ulong mask in layout[(int)field])
            {
                outputs.Add(new Output(bit++, mask));
            }
        }
    }

    /// <summary>The mapping as it was written.</summary>
    public string Text { get; }

    /// <summary>The levels of each channel.</summary>
    public DramOrganization Organization { get; }

    /// <summary>Channels, all alike.</summary>
    public int Channels { get; }

    /// <summary>Bytes of all channels: the first address beyond the memory.</summary>
    public long Bytes { get; }

    /// <summary>
    /// Reads a mapping: level names from the most significant (<c>RoBaRaCoCh</c>, <c>rochrababgco</c>), or the address bits of
    /// each level from the lowest (<c>row=17-32 bankgroup=13,14 bank=15^17,16^18 column=6-12</c>). Sizes must be powers of two,
    /// except that of the most significant level where it is the channel, the rank or the row.
    /// </summary>
    /// <exception cref="PimSimUserException">Not a mapping, or none of this memory.</exception>
    public static AddressMapping Parse(string text, DramOrganization organization, int channels)
    {
        try
        {
            return new AddressMapping(text, new AddressFields(organization, channels));
        }
        catch (FormatException fault)
        {
            throw new PimSimUserException($"address mapping '{text}': {fault.Message}", fault);
        }
    }

    /// <summary>Where a byte of the memory lies.</summary>
    public DramLocation Map(long address)
    {
        if ((ulong)address >= (ulong)Bytes)
        {
            throw new ArgumentOutOfRangeException(nameof(address), address, $"the memory has {Bytes} bytes");
        }

        ulong packed = MapPacked((ulong)address);
        return new DramLocation(ChannelOf(packed), BankOf(packed), RowOf(packed), ColumnOf(packed));
    }

    /// <summary>The first byte of a burst.</summary>
    public long AddressOf(DramLocation location)
    {
        ulong packed = (uint)location.Column | ((ulong)location.Row << RowShift) | ((ulong)location.Bank << BankShift) | ((ulong)location.Channel << ChannelShift);
        ulong unit = 0;
        for (; packed != 0; packed &= packed - 1)
        {
            unit ^= _unitOf[BitOperations.TrailingZeroCount(packed)];
        }

        return (long)(unit << _offsetBits);
    }

    /// <summary>Where an address below <see cref="Bytes"/> lies, packed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong MapPacked(ulong address)
    {
        ulong unit = address >> _offsetBits;
        ref ulong slices = ref MemoryMarshal.GetArrayDataReference(_slices);
        return Unsafe.Add(ref slices, (nint)(byte)unit)
            ^ Unsafe.Add(ref slices, SliceEntries + (nint)(byte)(unit >> 8))
            ^ Unsafe.Add(ref slices, (2 * SliceEntries) + (nint)(byte)(unit >> 16))
            ^ Unsafe.Add(ref slices, (3 * SliceEntries) + (nint)(byte)(unit >> 24))
            ^ Unsafe.Add(ref slices, (4 * SliceEntries) + (nint)(byte)(unit >> 32));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int ChannelOf(ulong packed) => (int)(packed >> ChannelShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int BankOf(ulong packed) => (int)(packed >> BankShift) & ((1 << (ChannelShift - BankShift)) - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int RowOf(ulong packed) => (int)(packed >> RowShift) & ((1 << (BankShift - RowShift)) - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int ColumnOf(ulong packed) => (ushort)packed;

    private static void CheckSizes(AddressFields fields)
    {
        DramOrganization organization = fields.Organization;
        if (!int.IsPow2(organization.AccessBytes))
        {
            throw new FormatException($"a burst of {organization.AccessBytes} bytes has no address bits; powers of two have");
        }

        (int Bits, int Most, string Name)[] parts =
        [
            (fields.Bits(AddressField.Column), RowShift, "bursts per row"),
            (fields.Bits(AddressField.Row), BankShift - RowShift, "rows"),
            (fields.Bits(AddressField.Bank) + fields.Bits(AddressField.BankGroup) + fields.Bits(AddressField.Rank) + fields.Bits(AddressField.PseudoChannel), ChannelShift - BankShift, "banks per channel"),
            (fields.Bits(AddressField.Channel), 64 - ChannelShift, "channels"),
            (fields.AllBits(), SliceCount * 8, "bursts in the memory"),
        ];
        foreach ((int bits, int most, string name) in parts)
        {
            if (bits > most)
            {
                throw new FormatException($"the memory has 2^{bits} {name}, and 2^{most} can be mapped");
            }
        }
    }

    // A size between powers of two leaves the last values of its bits without a place. Only where those bits are the highest
    // of the address, and nothing else, is the memory still one range of addresses.
    private static void CheckUnequalSizes(AddressFields fields, ulong[][] layout)
    {
        for (AddressField field = AddressField.Channel; field <= AddressField.Column; field++)
        {
            int lowest = fields.AllBits() - fields.Bits(field);
            bool allowed = field is AddressField.Channel or AddressField.Row || (field == AddressField.Rank && fields.Organization.PseudoChannels == 1);
            if (!int.IsPow2(fields.Size(field)) && (!allowed || !layout[(int)field].Select((mask, index) => mask == 1UL << (lowest + index)).All(highest => highest)))
            {
                throw new FormatException($"{fields.Describe(field)} are not a power of two, which only channels, ranks or rows can be and only as the most significant level of the mapping");
            }
        }
    }

    // Gauss-Jordan over bits: which address bits a single bit of the result stands for.
    private ulong[] Invert(List<Output> outputs)
    {
        ulong all = 0;
        foreach (Output output in outputs)
        {
            all |= output.Mask;
        }

        if (all != (1UL << outputs.Count) - 1)
        {
            int highest = 63 - BitOperations.LeadingZeroCount(all);
            int unused = BitOperations.TrailingZeroCount(~all);
            throw new FormatException(unused < highest && unused < outputs.Count
                ? $"bit {unused + _offsetBits} of the address selects nothing"
                : $"bit {highest + _offsetBits} lies beyond the memory's {Bytes} bytes");
        }

        ulong[] left = new ulong[outputs.Count];
        ulong[] right = new ulong[outputs.Count];
        for (int index = 0; index < left.Length; index++)
        {
            left[index] = outputs[index].Mask;
            right[index] = 1UL << index;
        }

        for (int column = 0; column < left.Length; column++)
        {
            int pivot = column;
            while (pivot < left.Length && ((left[pivot] >> column) & 1) == 0)
            {
                pivot++;
            }

            if (pivot == left.Length)
            {
                throw new FormatException("different addresses fall on the same place: some bit of a level is the exclusive or of others");
            }

            (left[column], left[pivot], right[column], right[pivot]) = (left[pivot], left[column], right[pivot], right[column]);
            for (int row = 0; row < left.Length; row++)
            {
                if (row != column && ((left[row] >> column) & 1) != 0)
                {
                    left[row] ^= left[column];
                    right[row] ^= right[column];
                }
            }
        }

        // Row r says: address bit r is the exclusive or of the results in right[r].
        ulong[] unitOf = new ulong[64];
        for (int address = 0; address < right.Length; address++)
        {
            for (int output = 0; output < outputs.Count; output++)
            {
                unitOf[outputs[output].Bit] |= ((right[address] >> output) & 1) << address;
            }
        }

        return unitOf;
    }

    private void FillSlices(List<Output> outputs)
    {
        for (int address = 0; address < outputs.Count; address++)
        {
            ulong packed = 0;
            foreach (Output output in outputs)
            {
                packed |= ((output.Mask >> address) & 1) << output.Bit;
            }

            Span<ulong> slice = _slices.AsSpan(address / 8 * SliceEntries, SliceEntries);
            int own = 1 << (address % 8);
            for (int value = 0; value < own; value++)
            {
                slice[own + value] = slice[value] ^ packed;
            }
        }
    }

    /// <summary>A bit of the packed result and the address bits whose exclusive or it is.</summary>
    private sealed record Output(int Bit, ulong Mask);
}
