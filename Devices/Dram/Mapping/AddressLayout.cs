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
    private static readonly Dictionary<string, AddressField> Tokens = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ch"] = AddressField.Channel,
        ["pc"] = AddressField.PseudoChannel,
        ["ra"] = AddressField.Rank,
        ["bg"] = AddressField.BankGroup,
        ["ba"] = AddressField.Bank,
        ["ro"] = AddressField.Row,
        ["co"] = AddressField.Column,
    };

    /// <summary>Masks of bits above the burst, by level and by bit of the level.</summary>
    public static Dictionary<AddressField, ulong[]> Read(string text, AddressFields fields, int offsetBits) =>
        text.Contains('=', StringComparison.Ordinal) ? ReadBits(text, fields, offsetBits) : ReadName(text, fields);

    private static Dictionary<AddressField, ulong[]> ReadName(string text, AddressFields fields)
    {
        List<AddressField> named = [];
        for (int at = 0; at < text.Length; at += 2)
        {
            string token = text.Substring(at, Math.Min(2, text.Length - at));
            if (!Tokens.TryGetValue(token, out AddressField field))
            {
                throw new FormatException($"'{token}' is not one of Ro, Bg, Ba, Ra, Pc, Co and Ch; RoBaRaCoCh or rochrababgco would be right, or a list of bits such as row=17-32");
            }

            if (named.Contains(field))
            {
                throw new FormatException($"'{token}' is named twice");
            }

            named.Add(field);
        }

        Dictionary<AddressField, ulong[]> masks = [];
        int bit = 0;
        foreach (AddressField field in Enumerable.Reverse(Expand(named)))
        {
            masks[field] = [.. Enumerable.Range(bit, fields.Bits(field)).Select(position => 1UL << position)];
            bit += fields.Bits(field);
        }

        foreach (AddressField field in AddressFields.All.Where(field => !masks.ContainsKey(field)))
        {
            if (fields.Bits(field) > 0)
            {
                string token = Tokens.First(pair => pair.Value == field).Key;
                throw new FormatException($"'{char.ToUpperInvariant(token[0])}{token[1]}' is missing, and the memory has {fields.Describe(field)}");
            }

            masks[field] = [];
        }

        return masks;
    }

    // Where Bg or Pc is not named, Ba or Ra stands for both levels, in the order in which the name has ranks and banks:
    // in Ramulator's ChRaBaRoCo the coarser level is the more significant, in its RoBaRaCoCh the less significant one.
    private static List<AddressField> Expand(List<AddressField> named)
    {
        int rank = named.IndexOf(AddressField.Rank);
        bool coarseFirst = rank >= 0 && rank < named.IndexOf(AddressField.Bank);
        List<AddressField> all = [];
        foreach (AddressField field in named)
        {
            AddressField coarser = field - 1;
            bool both = field is AddressField.Bank or AddressField.Rank && !named.Contains(coarser);
            all.AddRange(!both ? [field] : coarseFirst ? [coarser, field] : [field, coarser]);
        }

        return all;
    }

    private static Dictionary<AddressField, ulong[]> ReadBits(string text, AddressFields fields, int offsetBits)
    {
        Dictionary<AddressField, ulong[]> masks = [];
        List<string> names = [.. AddressFields.All.Select(AddressFields.Name)];
        foreach (string entry in text.Split([' ', '\t', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = entry.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? entry : entry[..equals];
            int field = names.FindIndex(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (equals < 0 || field < 0)
            {
                throw new FormatException($"'{entry}' names no level; {NearestWord.Suggest(name, names)} (as in row=17-32)");
            }

            if (!masks.TryAdd((AddressField)field, [.. entry[(equals + 1)..].Split(',').SelectMany(item => Item(item, offsetBits))]))
            {
                throw new FormatException($"'{name}' is given twice");
            }
        }

        foreach (AddressField field in AddressFields.All)
        {
            int given = masks.TryAdd(field, []) ? 0 : masks[field].Length;
            if (given != fields.Bits(field))
            {
                throw new FormatException($"'{AddressFields.Name(field)}' has {given} bits, and {fields.Describe(field)} take {fields.Bits(field)}");
            }
        }

        return masks;
    }

    // 6-12 is seven bits, 15^17 one.
    private static IEnumerable<ulong> Item(string item, int offsetBits)
    {
        string[] ends = item.Split('-');
        if (ends.Length == 2)
        {
            (int first, int last) = (Bit(ends[0], item, offsetBits), Bit(ends[1], item, offsetBits));
            return last >= first
                ? Enumerable.Range(first, last - first + 1).Select(bit => 1UL << bit)
                : throw new FormatException($"'{item}' runs downwards; bits are listed from the lowest: {last + offsetBits}-{first + offsetBits}");
        }

        return [item.Split('^').Aggregate(0UL, (mask, bit) => mask ^ (1UL << Bit(bit, item, offsetBits)))];
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
