using SkiaSharp;

namespace PimSim.Reports.Tests.Figures;

/// <summary>A decoded PNG, to be asked where there is ink.</summary>
internal sealed class Picture
{
    private readonly SKColor[] _pixels;

    public Picture(byte[] png)
    {
        using SKBitmap bitmap = SKBitmap.Decode(png) ?? throw new InvalidDataException("not a picture");
        (Width, Height, _pixels) = (bitmap.Width, bitmap.Height, bitmap.Pixels);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Pixels of text colour in a rectangle given as parts of the width and height.</summary>
    public int DarkPixels(double left, double top, double right, double bottom) =>
        Pixels(left, top, right, bottom).Count(color => color.Red + color.Green + color.Blue < 240);

    /// <summary>Pixels that are not white within so many pixels of the border.</summary>
    public int InkAtBorder(int border) => Enumerable.Range(0, _pixels.Length).Count(index =>
        _pixels[index] != SKColors.White
        && (index % Width < border || index % Width >= Width - border || index / Width < border || index / Width >= Height - border));

    private IEnumerable<SKColor> Pixels(double left, double top, double right, double bottom)
    {
        for (int y = (int)(top * Height); y < (int)(bottom * Height); y++)
        {
            for (int x = (int)(left * Width); x < (int)(right * Width); x++)
            {
                yield return _pixels[(y * Width) + x];
            }
        }
    }
}
