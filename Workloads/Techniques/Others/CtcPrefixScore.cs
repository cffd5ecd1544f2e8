namespace PimSim.Workloads.Techniques.Others;

/// <summary>
/// The probability that the frames of a CTC head spell a text that begins with given tokens (Watanabe et al., Hybrid CTC/attention, algorithm 2): the sum
/// over all alignments, by a recursion over frames. Blank is token 0.
/// </summary>
/// <param name="frames">Probabilities of the tokens at each frame.</param>
internal sealed class CtcPrefixScore(float[][] frames)
{
    /// <summary>Probabilities of the frames so far spelling the text, ending with its last token or with a blank.</summary>
    /// <param name="Token">Ending with the last token, by frame.</param>
    /// <param name="Blank">Ending with a blank, by frame.</param>
    public sealed record State(double[] Token, double[] Blank);

    /// <summary>The empty text: blanks alone.</summary>
    public State Empty
    {
        get
        {
            double[] blank = new double[frames.Length];
            double product = 1;
            for (int frame = 0; frame < frames.Length; frame++)
            {
                blank[frame] = product *= frames[frame][0];
            }

            return new State(new double[frames.Length], blank);
        }
    }

    /// <summary>One token more: the new state, and the probability of all texts that begin so.</summary>
    /// <param name="state">Of the text before.</param>
    /// <param name="last">Its last token; 0 if it is empty.</param>
    /// <param name="token">The next one; not 0.</param>
    public (State State, double Prefix) Extend(State state, int last, int token)
    {
        double[] ending = new double[frames.Length];
        double[] blank = new double[frames.Length];
        bool starts = last == 0;
        double prefix = ending[0] = starts ? frames[0][token] : 0;
        for (int frame = 1; frame < frames.Length; frame++)
        {
            // A repeated token needs a blank between; the same label again is the same token.
            double before = token == last ? state.Blank[frame - 1] : state.Blank[frame - 1] + state.Token[frame - 1];
            ending[frame] = (ending[frame - 1] + before) * frames[frame][token];
            blank[frame] = (blank[frame - 1] + ending[frame - 1]) * frames[frame][0];
            prefix += before * frames[frame][token];
        }

        return (new State(ending, blank), prefix);
    }
}
