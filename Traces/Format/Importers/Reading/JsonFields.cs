using System.Text.Json;

namespace PimSim.Traces.Format.Importers.Reading;

/// <summary>
/// The fields of one JSON object that somebody asks for: others are passed over, a repeated one and a missing one are
/// named.
/// </summary>
internal struct JsonFields(params string[] names)
{
    private int _seen;

    /// <summary>Goes to the object's opening brace.</summary>
    public readonly void Open(ref JsonTokens json)
    {
        if (json.Next() != JsonTokenType.StartObject)
        {
            throw json.Fault($"an object with {string.Join(", ", names)} was expected, not {ImportError.Show(json.Raw)}");
        }
    }

    /// <summary>Goes to the value of the next field that was asked for, and names it; null at the end of the object.</summary>
    public string? Next(ref JsonTokens json)
    {
        while (json.Next() == JsonTokenType.PropertyName)
        {
            int index = Place(ref json);
            if (index < 0)
            {
                json.SkipProperty();
                continue;
            }

            if ((_seen & (1 << index)) != 0)
            {
                throw json.Fault($"'{names[index]}' occurs more than once");
            }

            _seen |= 1 << index;
            json.Next();
            return names[index];
        }

        return null;
    }

    /// <summary>Whether a field was there.</summary>
    public readonly bool Has(string name) => (_seen & (1 << Array.IndexOf(names, name))) != 0;

    /// <summary>Checks that the first <paramref name="required"/> fields were there and nothing follows the object.</summary>
    public readonly void Close(ref JsonTokens json, int required)
    {
        int seen = _seen;
        IEnumerable<string> missing = names.Where((_, i) => i < required && (seen & (1 << i)) == 0);
        if (missing.Any())
        {
            throw json.Fault($"no {string.Join(", ", missing.Select(ImportError.Show))}");
        }

        if (json.Read())
        {
            throw json.Fault("there is more after the end of the object");
        }
    }

    private readonly int Place(ref JsonTokens json)
    {
        for (int i = 0; i < names.Length; i++)
        {
            if (json.Is(names[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
