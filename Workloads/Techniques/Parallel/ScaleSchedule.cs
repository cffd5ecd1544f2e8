using System.Collections.Immutable;
using System.Globalization;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Documents;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>The token maps of next-scale prediction: squares that grow, each predicted at once from all before it.</summary>
public sealed class ScaleSchedule
{
    /// <summary>Squares of these sides.</summary>
    public ScaleSchedule(ImmutableArray<int> sides)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sides.Length);
        Sides = sides;
        Firsts = [.. Enumerable.Range(0, sides.Length + 1).Select(scale => sides.Take(scale).Sum(side => side * side))];
    }

    /// <summary>Sides, from the first scale to the last.</summary>
    public ImmutableArray<int> Sides { get; }

    /// <summary>Tokens before each scale, and after the last.</summary>
    public ImmutableArray<int> Firsts { get; }

    /// <summary>The first scales that a network's file names, <c>side1</c>, <c>side2</c> ...: as many as the setting <c>scales</c> says, all if it is 0.</summary>
    /// <exception cref="PimSimUserException">They do not have the tokens that are to be generated.</exception>
    public static ScaleSchedule Of(NetworkShape shape, GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(request);
        (int all, int count) = (shape["scales"], request.Settings.Integer("scales"));
        ScaleSchedule schedule = new([.. Enumerable.Range(1, count == 0 ? all : Math.Min(count, all)).Select(scale => shape["side" + scale.ToString(CultureInfo.InvariantCulture)])]);
        return request.GeneratedTokens == schedule.Firsts[^1]
            ? schedule
            : throw new PimSimUserException($"{shape.Name} makes {schedule.Firsts[^1]} tokens in {schedule.Sides.Length} scales, not {request.GeneratedTokens}");
    }

    /// <summary>Tokens of a scale.</summary>
    public int Tokens(int scale) => Sides[scale] * Sides[scale];

    /// <summary>The scale of a token, counted over all scales.</summary>
    public int ScaleOf(int token)
    {
        int scale = 0;
        while (token >= Firsts[scale + 1])
        {
            scale++;
        }

        return scale;
    }

    /// <summary>For each token of a scale the nearest of the one before.</summary>
    public int[] Nearest(int scale)
    {
        (int side, int before) = (Sides[scale], Sides[scale - 1]);
        return [.. Enumerable.Range(0, side * side).Select(token => (token / side * before / side * before) + (token % side * before / side))];
    }
}
