using System.Globalization;

namespace PimSim.Reports.Figures;

/// <summary>A tick of the value axis.</summary>
/// <param name="Position">Where, in the units that the axis is drawn in: the value, or its decimal logarithm.</param>
/// <param name="Label">What is printed there; empty for a minor tick.</param>
internal readonly record struct AxisTick(double Position, string Label);

/// <summary>Range and ticks of a value axis. A chart draws logarithms itself: the chart library has no such axis.</summary>
/// <param name="Bottom">Lower end, in drawn units.</param>
/// <param name="Top">Upper end, in drawn units.</param>
/// <param name="Ticks">Ticks from bottom to top.</param>
internal sealed record AxisScale(double Bottom, double Top, IReadOnlyList<AxisTick> Ticks)
{
    // A bar shorter than this part of a decade would hardly be seen, so the axis starts a decade lower.
    private const double ShortestBar = 0.2;
    private const int LargestPlainExponent = 4;
    private const int MostLabels = 8;
    private const int FewestSteps = 3;
    private const double MostSteps = 5.5;

    private const double DecadesWithTwoAndFive = 3.2;
    private const double DecadesWithThreeAndSeven = 0.9;
    private const double RoundingSlack = 1e-9;

    private static readonly int[] StepFactors = [1, 2, 5, 10];

    /// <summary>
    /// Decimal logarithms from the decade below the smallest value, or from 1 where values are ratios of at least 1.
    /// </summary>
    /// <param name="values">Positive values, at least one.</param>
    /// <param name="fromOne">Bars start at 1, upwards and downwards.</param>
    /// <param name="headroom">Part of the height that stays free above the largest value.</param>
    public static AxisScale Logarithmic(IReadOnlyCollection<double> values, bool fromOne, double headroom)
    {
        double low = Math.Log10(values.Min());
        double high = Math.Log10(values.Max());
        double bottom = Math.Floor(low);
        if (fromOne)
        {
            bottom = Math.Min(0, bottom);
            high = Math.Max(0, high);
        }
        else if (low - bottom < ShortestBar)
        {
            bottom--;
        }

        high = Math.Max(high, bottom + 1);
        double top = bottom + ((high - bottom) / (1 - headroom));
        int first = (int)Math.Round(bottom);
        int last = (int)Math.Floor(top);
        int labelEvery = 1 + ((last - first) / MostLabels);
        bool plain = first >= -LargestPlainExponent && last <= LargestPlainExponent;
        List<AxisTick> ticks = [];
        for (int decade = first; decade <= last; decade++)
        {
            ticks.Add(new(decade, (decade - first) % labelEvery == 0 ? Power(decade, plain) : ""));
            for (int digit = 2; digit <= 9; digit++)
            {
                double position = decade + Math.Log10(digit);
                if (position <= top)
                {
                    // With less than two decades the powers of ten alone would hardly make an axis.
                    bool labelled = plain && last - first < 2 && digit is 2 or 5;
                    ticks.Add(new(position, labelled ? Plain(digit * Math.Pow(10, decade)) : ""));
                }
            }
        }

        return new(bottom, top, ticks);
    }

    /// <summary>Decimal logarithms from one value to another, with as many labels as can be told apart.</summary>
    /// <param name="low">Lower end, above 0.</param>
    /// <param name="high">Upper end, above the lower one.</param>
    public static AxisScale LogarithmicBetween(double low, double high)
    {
        double bottom = Math.Log10(low);
        double top = Math.Log10(high);
        int first = (int)Math.Floor(bottom);
        int last = (int)Math.Floor(top);
        bool plain = first >= -LargestPlainExponent && last <= LargestPlainExponent;
        int labelEvery = 1 + ((last - first) / MostLabels);
        List<AxisTick> ticks = [];
        for (int decade = first; decade <= last; decade++)
        {
            for (int digit = 1; digit <= 9; digit++)
            {
                double position = decade + Math.Log10(digit);
                if (position < bottom - RoundingSlack || position > top + RoundingSlack)
                {
                    continue;
                }

                string label = (digit, top - bottom) switch
                {
                    (1, _) => (decade - first) % labelEvery == 0 ? Power(decade, plain) : "",
                    (2 or 5, < DecadesWithTwoAndFive) or (3 or 7, < DecadesWithThreeAndSeven) when plain => Plain(digit * Math.Pow(10, decade)),
                    _ => "",
                };
                ticks.Add(new(position, label));
            }
        }

        return new(bottom, top, ticks);
    }

    /// <summary>Values from 0, with ticks at 1, 2 or 5 times a power of ten.</summary>
    /// <param name="largest">The largest value, above 0.</param>
    /// <param name="headroom">Part of the height that stays free above the largest value.</param>
    public static AxisScale Linear(double largest, double headroom)
    {
        double top = largest / (1 - headroom);
        double power = Math.Pow(10, Math.Floor(Math.Log10(largest / FewestSteps)));
        double step = power * StepFactors.First(factor => largest / (factor * power) <= MostSteps);
        int decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(step) + 1e-9));
        List<AxisTick> ticks = [];

        // Up to the first tick above the largest value, so that shares end at 100 %.
        double last = Math.Min(top, largest + (0.99 * step));
        for (int index = 0; index * step <= last; index++)
        {
            ticks.Add(new(index * step, (index * step).ToString($"F{decimals}", CultureInfo.InvariantCulture)));
        }

        return new(0, top, ticks);
    }

    private static string Power(int exponent, bool plain) => plain
        ? Plain(Math.Pow(10, exponent))
        : "10" + string.Concat(exponent.ToString(CultureInfo.InvariantCulture).Select(digit => digit == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit - '0']));

    private static string Plain(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
