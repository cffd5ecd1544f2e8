using System.Collections.Immutable;

namespace PimSim.Workloads.Techniques.Parallel;

/// <summary>
/// A label for each frame of a CTC head, and what it says of the text: labels that follow each other without change are one token, blanks (0) are
/// none. A token's frames reach from behind the first frame of the token before to its own first frame; the end of the text has the rest.
/// </summary>
/// <param name="Labels">One for each frame.</param>
internal sealed record CtcAlignment(ImmutableArray<int> Labels)
{
    /// <summary>First frame of each token.</summary>
    public ImmutableArray<int> Starts => [.. Enumerable.Range(0, Labels.Length).Where(frame => Labels[frame] != 0 && (frame == 0 || Labels[frame] != Labels[frame - 1]))];

    /// <summary>The text.</summary>
    public ImmutableArray<int> Tokens => [.. Starts.Select(frame => Labels[frame])];

    /// <summary>First and last frame of each token and of the end of the text; none is empty.</summary>
    public ImmutableArray<(int First, int Last)> Spans
    {
        get
        {
            ImmutableArray<int> starts = Starts;
            ImmutableArray<(int First, int Last)>.Builder spans = ImmutableArray.CreateBuilder<(int First, int Last)>(starts.Length + 1);
            int next = 0;
            foreach (int start in starts)
            {
                spans.Add((next, start));
                next = start + 1;
            }

            spans.Add((Math.Min(next, Labels.Length - 1), Labels.Length - 1));
            return spans.MoveToImmutable();
        }
    }

    /// <summary>
    /// Error-based sampling: a frame whose best label is sure keeps it, every other one takes one of its two best, as likely as they are to each other.
    /// </summary>
    /// <param name="best">The two best labels of each frame.</param>
    /// <param name="probabilities">Of these.</param>
    /// <param name="threshold">From here on a label is sure.</param>
    /// <param name="uniform">Draws from [0, 1); null takes the best labels.</param>
    public static CtcAlignment Sample(ReadOnlySpan<int> best, ReadOnlySpan<float> probabilities, double threshold, Func<double>? uniform)
    {
        int[] labels = new int[best.Length / 2];
        for (int frame = 0; frame < labels.Length; frame++)
        {
            float first = probabilities[2 * frame];
            float second = probabilities[(2 * frame) + 1];
            bool other = uniform is not null && first < threshold && uniform() * (first + second) >= first;
            labels[frame] = best[(2 * frame) + (other ? 1 : 0)];
        }

        return new CtcAlignment([.. labels]);
    }

    /// <summary>Whether a token sees a frame: its own frames and those of its neighbours.</summary>
    /// <param name="spans">Of this alignment.</param>
    /// <param name="token">Number of the token; those behind the end see what the end sees.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="neighbours">Tokens to each side whose frames are seen too.</param>
    public static bool Sees(ImmutableArray<(int First, int Last)> spans, int token, int frame, int neighbours)
    {
        int last = spans.Length - 1;
        int from = spans[Math.Clamp(token - neighbours, 0, last)].First;
        int to = spans[Math.Clamp(token + neighbours, 0, last)].Last;
        return frame >= from && frame <= to;
    }
}
