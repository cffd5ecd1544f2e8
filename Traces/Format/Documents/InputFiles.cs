using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PimSim.Traces.Format.Documents;

/// <summary>
/// Everything that a result depends on, by name. A <see cref="CatalogueFolder"/> that is given one notes each file that it opens, with the very text
/// that is parsed, so that nobody keeps a list of what was read. Not thread-safe.
/// </summary>
public sealed class InputFiles
{
    private readonly SortedDictionary<string, string> _texts = new(StringComparer.Ordinal);

    /// <summary>Notes an input. One that is read again replaces itself.</summary>
    /// <param name="name">What it is, not where it lies: the same files in another folder are the same inputs.</param>
    /// <param name="text">Its content, or a hash of that where it is large.</param>
    public void Add(string name, string text) => _texts[name] = text;

    /// <summary>SHA-256 over names and texts in ordinal order of the names, in hexadecimal.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, string text) in _texts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name}\n{text.Length}\n{text}\n")));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
