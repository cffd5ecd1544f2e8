using System.Numerics.Tensors;
using System.Text;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Model;

/// <summary>Continues a text with a decoder, the whole context computed again for each token.</summary>
internal sealed class TextSampler(DecoderConfiguration model, float[] parameters)
{
    private readonly SequencePass<float> _pass = new(model);

    /// <summary>The text with up to <paramref name="length"/> more bytes; at temperature 0 always the most probable.</summary>
    public string Continue(string prompt, int length, double temperature, SeededRandom random)
    {
        List<int> tokens = [DecoderConfiguration.BeginToken, .. Encoding.UTF8.GetBytes(prompt).Select(letter => (int)letter)];
        for (int i = 0; i < length && tokens.Count < model.Context; i++)
        {
            _pass.Forward(parameters, tokens.ToArray());
            Span<float> logits = _pass.Logits.Slice((tokens.Count - 1) * model.Vocabulary, model.Vocabulary);
            int token = temperature == 0 ? TensorPrimitives.IndexOfMax<float>(logits) : Draw(logits, temperature, random);
            if (token >= DecoderConfiguration.BeginToken)
            {
                break;
            }

            tokens.Add(token);
        }

        return Encoding.UTF8.GetString([.. tokens.Skip(1).Select(token => (byte)token)]);
    }

    private static int Draw(ReadOnlySpan<float> logits, double temperature, SeededRandom random)
    {
        double top = TensorPrimitives.Max(logits);
        double[] weights = new double[logits.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Exp((logits[i] - top) / temperature);
        }

        double point = random.NextDouble() * weights.Sum();
        int token = 0;
        while (token < weights.Length - 1 && point >= weights[token])
        {
            point -= weights[token++];
        }

        return token;
    }
}
