using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Backends.Cpu.Networks;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;
using PimSim.Workloads.Techniques.KvCache;
using Xunit;

namespace PimSim.Workloads.Tests.Techniques.KvCache;

public class MergeQuantTests
{
    private const int Inputs = 24;
    private const int Outputs = 10;

    private static readonly Gen<(DataType Type, int Seed)> Case = Gen.Select(Gen.Bool.Select(four => four ? DataType.Int4 : DataType.Int8), Gen.Int[0, 1_000_000]);

    [Fact]
    public void Its_products_are_those_of_whole_numbers() => Case.Sample((type, seed) =>
    {
        Random random = new(seed);
        LinearLayer layer = Layer(seed);
        float[] steps = [.. Enumerable.Range(0, Inputs).Select(_ => 0.01f + random.NextSingle())];
        IntegerLayer quantised = IntegerProducts.Quantise(layer, type, steps);
        int largest = IntegerProducts.Largest(type);
        int[] x = [.. Enumerable.Range(0, Inputs).Select(_ => random.Next(-largest, largest + 1))];
        using CpuNetwork net = new(1);
        ReadOnlySpan<float> result = net.LinearIntegers(net.Input(1, Inputs, [.. x.Select(value => (float)value)]), quantised).Row(0);
        float[] row = new float[Inputs];
        for (int output = 0; output < Outputs; output++)
        {
            WeightRows.Read(layer.Matrix, output, row);
            float[] stepped = [.. row.Select((weight, input) => weight * steps[input])];
            float scale = stepped.Max(Math.Abs) / largest;
            int sum = 0;
            for (int input = 0; input < Inputs; input++)
            {
                sum += x[input] * (int)Math.Clamp(MathF.Round(stepped[input] / scale), -largest, largest);
            }

            Assert.Equal(sum * scale, result[output]);
        }

        return true;
    });

    /// <summary>Where all channels have one step and the largest number of a token is the largest integer of that step, the two are the same.</summary>
    [Fact]
    public void Static_steps_give_what_dynamic_ones_do_where_they_coincide() => Case.Sample((type, seed) =>
    {
        Random random = new(seed);
        LinearLayer layer = Layer(seed);
        int largest = IntegerProducts.Largest(type);

        // Powers of two, so that dividing by a step is exact.
        float step = MathF.Pow(2, random.Next(-6, 3));
        float[] x = [.. Enumerable.Range(0, Inputs).Select(_ => step * ((2 * random.NextSingle()) - 1) * largest)];
        x[random.Next(Inputs)] = -step * largest;
        float[] steps = new float[Inputs];
        Array.Fill(steps, step);
        NormLayer norm = new(OperatorRole.AttentionNorm, NormKind.RmsNorm, Inputs, [.. Enumerable.Repeat(1f, Inputs)], [], DataType.Fp32);
        Assert.All(IntegerProducts.Fold(norm, steps).Scale, scale => Assert.Equal(1 / step, scale));

        using CpuNetwork net = new(1);
        CpuTensor input = net.Input(1, Inputs, x);
        float token = x.Max(Math.Abs) / largest;
        Assert.Equal(step, token);
        CpuTensor dynamicIntegers = net.Round(net.Mix(input, [1 / token], 1), type);
        CpuTensor staticIntegers = net.Round(net.Input(1, Inputs, [.. x.Select(value => value / step)]), type);
        Assert.Equal(dynamicIntegers.Row(0).ToArray(), staticIntegers.Row(0).ToArray());

        IntegerLayer plain = IntegerProducts.Quantise(layer, type);
        IntegerLayer merged = IntegerProducts.Quantise(layer, type, steps);
        Assert.Equal(Numbers(plain), Numbers(merged));
        float[] dynamicResult = net.Mix(net.LinearIntegers(dynamicIntegers, plain), [token], 1).Row(0).ToArray();
        Assert.Equal(dynamicResult, net.LinearIntegers(staticIntegers, merged).Row(0).ToArray());
        return true;
    });

    [Theory]
    [InlineData("merge-quant", 1)]
    [InlineData("dynamic-w4a4", 2)]
    public void In_eight_bits_the_model_writes_nearly_what_it_does_in_full(string technique, long seed)
    {
        // The first token of many prompts, drawn weights: one in four may change.
        int same = 0;
        for (int first = 0; first < 12; first++)
        {
            int[] prompt = [.. Enumerable.Range(0, 9).Select(token => (first + (token * 7)) % 50)];
            GenerationRequest request = TechniqueRuns.Request(prompt.Length, 1, TechniqueRuns.Settings(technique, ("bits", [8])), seed: seed);
            List<Step> plain = TechniqueRuns.OnCpu(new Autoregressive(), TechniqueRuns.SmallLlama, request, prompt);
            List<Step> quantised = TechniqueRuns.OnCpu(new MergeQuant(), TechniqueRuns.SmallLlama, request, prompt);
            same += TechniqueRuns.Text(plain).SequenceEqual(TechniqueRuns.Text(quantised)) ? 1 : 0;
        }

        Assert.True(same >= 9, $"{same} of 12");
    }

    [Theory]
    [InlineData("merge-quant", 2)]
    [InlineData("dynamic-w4a4", 4)]
    public void Products_are_in_integers_and_only_dynamic_inputs_have_kernels_around_them(string technique, int dynamicProducts)
    {
        int[] prompt = [3, 1, 4, 1, 5];
        GenerationRequest request = TechniqueRuns.Request(prompt.Length, 4, TechniqueRuns.Settings(technique));
        KvOperators.AssertSame(new MergeQuant(), TechniqueRuns.SmallLlama, request, prompt);
        Step step = TechniqueRuns.OnShape(new MergeQuant(), TechniqueRuns.SmallLlama, request)[^1];
        Operator[] all = [.. KvOperators.All(step)];
        int layers = TechniqueRuns.SmallLlama.Layers;
        Assert.Equal(4 * layers, all.Count(op => op is { Kind: OperatorKind.Gemm, ActivationType: DataType.Int4, WeightType: DataType.Int4 }));
        Assert.Equal(2 * dynamicProducts * layers, all.Count(op => op.Role == OperatorRole.Quant));
        Assert.Equal(dynamicProducts * layers, all.Count(op => op.Role == OperatorRole.Dequant));
    }

    private static LinearLayer Layer(int seed) => new ParameterSet(DataType.Fp32, (ulong)seed).Linear(OperatorRole.FfnUp, Inputs, Outputs);

    private static float[] Numbers(IntegerLayer layer)
    {
        float[] all = new float[layer.Outputs * layer.Inputs];
        for (int output = 0; output < layer.Outputs; output++)
        {
            WeightRows.Read(layer.Integers, output, all.AsSpan(output * layer.Inputs));
        }

        return all;
    }
}
