using System.Globalization;
using System.Net;
using System.Text;

namespace PimSim.Reports.Html;

/// <summary>Builds well-formed HTML; every text and attribute passes through here and is escaped.</summary>
internal sealed class HtmlText
{
    private readonly StringBuilder _html = new();

    /// <summary>An element that holds other elements.</summary>
    public HtmlText Element(string name, Action content, string? cssClass = null)
    {
        Open(name, cssClass);
        _html.Append('\n');
        content();
        return Close(name);
    }

    /// <summary>An element that holds text.</summary>
    public HtmlText Element(string name, string text, string? cssClass = null)
    {
        Open(name, cssClass);
        Text(text);
        return Close(name);
    }

    /// <summary>Text, escaped.</summary>
    public HtmlText Text(string text)
    {
        _html.Append(Escaped(text));
        return this;
    }

    /// <summary>Markup as it is.</summary>
    public HtmlText Markup(string markup)
    {
        _html.Append(markup);
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => _html.ToString();

    /// <summary>Text that stands in an element or a quoted attribute; control characters, which no HTML may hold, are shown as such.</summary>
    public static string Escaped(string text) => WebUtility.HtmlEncode(string.Concat(text.Select(letter =>
        char.IsControl(letter) && letter is not ('\n' or '\t') ? '\uFFFD' : letter)));

    private void Open(string name, string? cssClass)
    {
        _html.Append('<').Append(name);
        if (cssClass is not null)
        {
            _html.Append(CultureInfo.InvariantCulture, $" class=\"{Escaped(cssClass)}\"");
        }

        _html.Append('>');
    }

    private HtmlText Close(string name)
    {
        _html.Append(CultureInfo.InvariantCulture, $"</{name}>\n");
        return this;
    }
}
