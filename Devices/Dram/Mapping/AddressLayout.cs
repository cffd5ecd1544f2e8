using System.Globalization;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Mapping;

/// <summary>
/// A mapping as it is written, read to address bits: for every bit of every level, from the lowest, the address bits whose
/// exclusive or it is. Two forms are read. By name, the most significant level first: tokens ro, ba, bg, ra, pc, co and ch in
/// any case, as <c>RoBaRaCoCh</c> (Ramulator) or <c>rochrababgco</c> (DRAMsim3). By bit, the lowest bit first:
/// <c>row=17-32 bankgroup=13,14 bank=15^17,16^18 column=6-12</c>.
/// </summary>
internal static class AddressLayout
{
    // In the order of the enumeration.
    private static readonly string[] Tokens = ["Ch", "Pc", "Ra", "Bg", "Ba", "Ro", "Co"];

    /// <summary>Masks of bits above the burst, by level and by bit of the level.</summary>
    public static ulong[][] Read(string text, AddressFields fields, int offsetBits) =>
        text.Contains('=', StringComparison.Ordinal) ? ReadBits(text, fields, offsetBits) : ReadName(text, fields);

    private static ulong[][] ReadName(string text, AddressFields fields)
    {
        // Level by place in the text, and the other way round.
        int[] fieldAt = new int[(text.Length + 1) / 2];
        int?[] placeOf = new int?[AddressFields.Count];
        for (int place = 0; place < fieldAt.Length; place++)
        {
            string token = text.Substring(2 * place, Math.Min(2, text.Length - (2 * place)));
            int field = Array.FindIndex(Tokens, known => known.Equals(token, StringComparison.OrdinalIgnoreCase));
            if (field < 0)
            {
                throw new FormatException($"'{token}' is not one of Ro, Bg, Ba, Ra, Pc, Co and Ch; RoBaRaCoCh or rochrababgco would be right, or a list of bits such as row=17-32");
            }

            if (placeOf[field] is not null)
            {
                throw new FormatException($"'{token}' is named twice");
            }

            fieldAt[place] = field;
            placeOf[field] = place;
        }

        // Where Bg or Pc is not named, Ba or Ra stands for both levels, in the order in which the name has ranks and banks:
        // in Ramulator's ChRaBaRoCo the coarser level is the more significant, in its RoBaRaCoCh the less significant one.
        bool coarseFirst = placeOf[(int)AddressField.Rank] < placeOf[(int)AddressField.Bank];
        ulong[]?[] masks = new ulong[AddressFields.Count][];
        int bit = 0;
        for (int place = fieldAt.Length - 1; place >= 0; place--)
        {
            AddressField field = (AddressField)fieldAt[place];
            bool both = field is AddressField.Bank or AddressField.Rank && placeOf[(int)field - 1] is null;
            if (both && !coarseFirst)
            {
                Take(field - 1);
            }

            Take(field);
            if (both && coarseFirst)
            {
                Take(field - 1);
            }
        }

        for (AddressField field = AddressField.Channel; field <= AddressField.Column; field++)
        {
            if (masks[(int)field] is null && fields.Bits(field) > 0)
            {
                throw new FormatException($"'{Tokens[(int)field]}' is missing, and the memory has {fields.Describe(field)}");
            }

            masks[(int)field] ??= [];
        }

        return masks!;

        void Take(AddressField field)
        {
            masks[(int)field] = Run(bit, fields.Bits(field));
            bit += fields.Bits(field);
        }
    }

    private static ulong[][] ReadBits(string text, AddressFields fields, int offsetBits)
    {
        ulong[]?[] masks = new ulong[AddressFields.Count][];
        string[] names = new string[AddressFields.Count];
        for (int field = 0; field < names.Length; field++)
        {
            names[field] = AddressFields.Name((AddressField)field);
        }

        foreach (string entry in text.Split([' ', '\t', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? entry : entry[..equals];
            int field = Array.FindIndex(names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (equals < 0 || field < 0)
            {
                throw new FormatException($"'{entry}' names no level; {NearestWord.Suggest(name, names)} (as in row=17-32)");
            }

            if (masks[field] is not null)
            {
                throw new FormatException($"'{name}' is given twice");
            }

            masks[field] = [.. entry[(equals + 1)..].Split(',').SelectMany(item => Item(item, offsetBits))];
        }

        for (AddressField field = AddressField.Channel; field <= AddressField.Column; field++)
        {
            int given = (masks[(int)field] ??= []).Length;
            if (given != fields.Bits(field))
            {
                throw new FormatException($"'{AddressFields.Name(field)}' has {given} bits, and {fields.Describe(field)} take {fields.Bits(field)}");
            }
        }

        return masks!;
    }

    // 6-12 is seven bits, 15^17 one.
    private static ulong[] Item(string item, int offsetBits)
    {
        string[] ends = item.Split('-');
        if (ends.Length == 2)
        {
            (int first, int last) = (Bit(ends[0], item, offsetBits), Bit(ends[1], item, offsetBits));
            return last >= first
                ? Run(first, last - first + 1)
                : throw new FormatException($"'{item}' runs downwards; bits are listed from the lowest: {last + offsetBits}-{first + offsetBits}");
        }

        return [item.Split('^').Aggregate(0UL, (mask, bit) => mask ^ (1UL << Bit(bit, item, offsetBits)))];
    }

    private static ulong[] Run(int first, int count)
    {
        ulong[] masks = new ulong[count];
        for (int bit = 0; bit < count; bit++)
        {
            masks[bit] = 1UL << (first + bit);
        }

        return masks;
    }

    private static int Bit(string text, string item, int offsetBits)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int bit) || bit > 63)
        {
            throw new FormatException($"'{item}' is no bit, range or exclusive or of bits; 13, 6-12 or 15^17 would be right");
        }

        return bit >= offsetBits
            ? bit - offsetBits
            : throw new FormatException($"bit {bit} lies within a burst of {1 << offsetBits} bytes; the lowest that selects anything is {offsetBits}");
    }
}
