using CsCheck;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.KvCache;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.KvCache;

public class GearTests
{
    private const int Heads = 2;
    private const int Width = 16;

    [Theory]
    [InlineData(2, true)]
    [InlineData(2, false)]
    [InlineData(4, true)]
    public void The_error_falls_with_the_rank_and_with_the_share_of_outliers(int bits, bool byChannel) => Gen.Int[1, 1000].Sample(
        seed =>
        {
            float[][] rows = Rows(seed, 32);
            double[] byRank = [.. new[] { 0, 1, 2, 4, 8 }.Select(rank => Error(rows, new GearCompression(bits, 8, rank, 0, 3), byChannel))];
            double[] byOutliers = [.. new[] { 0, 0.02, 0.05, 0.1 }.Select(share => Error(rows, new GearCompression(bits, 8, 2, share, 3), byChannel))];
            AssertFalls(byRank);
            AssertFalls(byOutliers);
            Assert.True(Error(rows, new GearCompression(bits, 8, Width, 0, 3), byChannel) < 1e-6, "the product of full rank is all that is lacking");
            return true;
        },
        iter: 8);

    [Fact]
    public void Entries_are_off_by_half_a_step_of_their_group_at_most()
    {
        float[][] rows = Rows(7, 24);
        float[][] approximate = new GearCompression(2, 8, 0, 0, 1).Approximate(rows, byChannel: true, Heads);
        for (int channel = 0; channel < Heads * Width; channel++)
        {
            for (int first = 0; first < rows.Length; first += 8)
            {
                float[] group = [.. rows[first..(first + 8)].Select(row => row[channel])];
                float half = (group.Max() - group.Min()) / 3 / 2;
                for (int token = first; token < first + 8; token++)
                {
                    Assert.InRange(Math.Abs(rows[token][channel] - approximate[token][channel]), 0, half * 1.0001f);
                }
            }
        }
    }

    [Fact]
    public void Outliers_are_exact_and_as_many_as_the_share()
    {
        float[][] rows = Rows(3, 25);
        float[][] approximate = new GearCompression(2, 25, 0, 0.1, 1).Approximate(rows, byChannel: true, Heads);
        float[] sorted = [.. rows.SelectMany(row => row).Order()];
        int half = sorted.Length / 20;
        for (int token = 0; token < rows.Length; token++)
        {
            for (int channel = 0; channel < Heads * Width; channel++)
            {
                if (rows[token][channel] <= sorted[half - 1] || rows[token][channel] >= sorted[^half])
                {
                    Assert.Equal(rows[token][channel], approximate[token][channel]);
                }
            }
        }

        Assert.Equal(2 * half, new GearCompression(2, 25, 0, 0.1, 1).OutliersOf(sorted.Length));
    }

    /// <summary>bits/16 + 2/g + r/d_h + r/n + s (2 + 4)/2 of 16-bit keys and values, and the buffer in 16 bits.</summary>
    [Theory]
    [InlineData("gear", 2, 0.02, 4)]
    [InlineData("gear", 4, 0.02, 4)]
    [InlineData("gear-l", 2, 0, 2)]
    [InlineData("kivi", 2, 0, 0)]
    public void It_keeps_as_many_bytes_as_the_formula_says(string technique, int bits, double outliers, int rank)
    {
        ModelShape model = new ModelZoo([ModelZoo.ShippedFolder]).Shape("llama-2-7b");
        TechniqueEntry entry = TechniqueCatalogue.Shipped.Get(technique);
        const int Packed = 960;
        const int Buffer = 40;
        long full = 2L * 2 * model.Layers * model.KvWidth;
        double fraction = (bits / 16.0) + (2.0 / 64) + ((double)rank / model.HeadDim) + ((double)rank / Packed) + (3 * outliers);
        EngineSession<ShapeTensor> session = new(new ShapeBackend(model), 1, 1);
        GenerationRequest request = TechniqueRuns.Request(Packed + Buffer, 1, TechniqueRuns.Settings(technique, ("bits", [bits])));
        Assert.Single(entry.Program.Run(session, request, new int[Packed + Buffer]));
        Assert.Equal((full * Packed * fraction) + (full * Buffer), session.PeakKvBytes, full * Packed * 1e-5);

        // With all pieces that follow, what is reserved is what is held.
        session = new(new ShapeBackend(model), 1, 1);
        request = TechniqueRuns.Request(Packed + Buffer, 200, TechniqueRuns.Settings(technique, ("bits", [bits])));
        Assert.Equal(200, TechniqueRuns.Committed(entry.Program.Run(session, request, new int[Packed + Buffer])));
        Assert.Equal(session.PeakKvBytes, session.Footprint().KvBytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void With_all_entries_as_outliers_it_writes_the_text_of_the_model(long seed)
    {
        TechniqueSettings settings = TechniqueRuns.Settings("gear", ("group", [4]), ("buffer", [8]), ("outliers", [1]), ("rank", [2]));
        int[] prompt = [.. Enumerable.Range(0, 21).Select(token => (token * 7) % 50)];
        GenerationRequest request = TechniqueRuns.Request(prompt.Length, 24, settings, seed: seed);
        List<Step> plain = TechniqueRuns.OnCpu(new Autoregressive(), TechniqueRuns.SmallLlama, request, prompt);
        List<Step> gear = TechniqueRuns.OnCpu(new Gear(), TechniqueRuns.SmallLlama, request, prompt);
        Assert.Equal(TechniqueRuns.Text(plain), TechniqueRuns.Text(gear));
    }

    [Fact]
    public void Shapes_and_numbers_take_the_same_operators()
    {
        TechniqueSettings settings = TechniqueRuns.Settings("gear", ("bits", [4]), ("group", [4]), ("buffer", [8]));
        int[] prompt = [.. Enumerable.Range(0, 21).Select(token => (token * 7) % 50)];
        GenerationRequest request = TechniqueRuns.Request(prompt.Length, 20, settings);
        KvOperators.AssertSame(new Gear(), TechniqueRuns.SmallLlama, request, prompt);
    }

    [Fact]
    public void Four_bits_generate_what_the_model_does_for_a_while()
    {
        // The built-in model is sure enough of its text that 8 bits change nothing.
        int[] prompt = [.. "The sun rose over the hills, and the village "u8.ToArray().Select(letter => (int)letter)];
        TechniqueSettings settings = TechniqueRuns.Settings("gear", ("bits", [8]), ("group", [8]), ("buffer", [16]));
        GenerationRequest request = TechniqueRuns.Request(prompt.Length, 24, settings);
        Assert.Equal(
            TechniqueRuns.Text(TechniqueRuns.OnBuiltin(new Autoregressive(), request, prompt)),
            TechniqueRuns.Text(TechniqueRuns.OnBuiltin(new Gear(), request, prompt)));
    }

    private static void AssertFalls(double[] errors)
    {
        for (int index = 1; index < errors.Length; index++)
        {
            Assert.True(errors[index] < errors[index - 1], string.Join(" ", errors));
        }
    }

    private static double Error(float[][] rows, GearCompression how, bool byChannel)
    {
        float[][] approximate = how.Approximate(rows, byChannel, Heads);
        double sum = rows.Zip(approximate, (row, other) => row.Zip(other, (x, y) => (x - y) * (double)(x - y)).Sum()).Sum();
        return Math.Sqrt(sum / rows.Sum(row => row.Sum(x => x * (double)x)));
    }

    /// <summary>Bell-shaped numbers, of which one in thirty is ten times too large.</summary>
    private static float[][] Rows(int seed, int tokens)
    {
        Random random = new(seed);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return [.. Enumerable.Range(0, tokens).Select(_ => Enumerable.Range(0, Heads * Width).Select(_ => (float)(Normal() * (random.Next(30) == 0 ? 10 : 1))).ToArray())];
    }
}
