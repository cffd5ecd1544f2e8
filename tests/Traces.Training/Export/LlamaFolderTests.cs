using PimSim.Traces.Format.Documents;
using PimSim.Traces.Training.Export;
using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;
using PimSim.Traces.Training.Optimisation;
using Xunit;

namespace PimSim.Traces.Training.Tests.Export;

/// <summary>What the trainer computes is the LLaMA that the exported folder says: read back by an implementation of its own.</summary>
public sealed class LlamaFolderTests : IDisposable
{
    private static readonly DecoderConfiguration Small = new() { Layers = 3, Hidden = 48, Heads = 6, KvHeads = 2, HeadDim = 12, Ffn = 80, Context = 90, RopeBase = 5000, NormEpsilon = 1e-4 };

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-training").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_exported_model_computes_the_same_logits_in_a_plain_implementation()
    {
        SeededRandom random = new(9);
        float[] weights = InitialWeights.Draw<float>(Small, random);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] += (float)(0.15 * random.NextGaussian());
        }

        LlamaFolder.Write(_folder, Small, weights, new Dictionary<string, string> { ["format"] = "pt" });
        BFloat16Rounding.Round(weights);
        int[] tokens = [.. Enumerable.Range(0, Small.Context).Select(_ => random.Next(Small.Vocabulary))];
        SequencePass<double> pass = new(Small);
        pass.Forward([.. weights.Select(value => (double)value)], tokens);
        PlainLlama plain = new(_folder);
        for (int row = 0; row < tokens.Length; row++)
        {
            double[] logits = plain.Next(tokens[row]);
            for (int token = 0; token < Small.Vocabulary; token++)
            {
                Assert.Equal(logits[token], pass.Logits[(row * Small.Vocabulary) + token], 1e-9);
            }

            Assert.Equal(plain.FinalState, pass.FinalStates.Slice(row * Small.Hidden, Small.Hidden).ToArray(), (a, b) => Math.Abs(a - b) < 1e-9);
        }
    }

    [Fact]
    public void Rounding_gives_the_nearest_bfloat16_and_the_even_one_between_two()
    {
        SeededRandom random = new(4);
        for (int i = 0; i < 20_000; i++)
        {
            float value = (float)(random.NextGaussian() * Math.Pow(10, random.Next(-6, 6)));
            if (i % 4 == 0)
            {
                // Exactly between two.
                value = BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000) | 0x8000);
            }

            ushort bits = BFloat16Rounding.ToBits(value);
            ushort down = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
            double below = Math.Abs((double)value - Widen(down));
            double above = Math.Abs((double)value - Widen((ushort)(down + 1)));
            Assert.Equal(below < above || (below == above && down % 2 == 0) ? down : (ushort)(down + 1), bits);
        }

        static double Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_a_clear_error()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => LlamaFolder.Write(file, Small, new float[new ParameterLayout(Small).Length], new Dictionary<string, string>()));
        Assert.Contains("cannot be written", fault.Message, StringComparison.Ordinal);
    }
}
