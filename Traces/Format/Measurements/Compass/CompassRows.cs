using System.Collections.Immutable;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements.Compass;

/// <summary>
/// LLMCompass **/real_hardware: single operators in fp16 as PyTorch runs them, launch included. matmul_*: rows, inputs, outputs, time and
/// rate. softmax_* and layernorm_*: rows, width, rate; gelu_*: numbers, rate; a rate is in 10^9 numbers per second (so the smallest take
/// the 45 us of a launch that their paper gives). transformer_* and transformerAR_*: seconds of the parts of one GPT-3 175B layer on four
/// devices, batch 8: a prompt of 2,048 tokens, or one token after 3,072.
/// </summary>
internal static class CompassRows
{
    private const int LayerDevices = 4, LayerBatch = 8, LayerPrompt = 2048, LayerWidth = 12288, LayerHeads = 96;

    private const string NoProduct = "one of the two products inside attention: no operator stands for it alone";

    private const string NoSoftmax = "no operator is a softmax alone";

    private static readonly ImmutableArray<string> LayerParts =
        ["qkv", "q_mul_k", "a_mul_v", "projection", "ffn1", "ffn2", "softmax", "layernorm_attention", "layernorm_ffn", "gelu", "allreduce_attention", "allreduce_ffn"];

    public static IEnumerable<Measurement> Read(MeasurementSource source)
    {
        string kind = CompassLines.KindOf(source.Path)
            ?? throw Importers.Reading.ImportError.Of(source.Path, $"its name must begin with {string.Join(", ", CompassLines.Kinds)} and an underscore: only that says what it holds");
        return kind switch
        {
            "matmul" => Products(source),
            "softmax" or "layernorm" => Rows(source, kind),
            "gelu" => Activations(source),
            _ => Layer(source, kind),
        };
    }

    private static IEnumerable<Measurement> Products(MeasurementSource source)
    {
        using CompassLines lines = new(source);
        RowBuilder builder = new(source);
        while (lines.Read(5))
        {
            Operator op = New(OperatorKind.Gemm, OperatorRole.Other, lines.Integer(0)) with { Inputs = lines.Integer(1), Outputs = lines.Integer(2) };
            yield return builder.New(lines.Fault, lines.Line, [op], MeasurementClass.Linear, lines.Number(3, "ms") * 1e6, MeasuredSpan.Launch, "matmul", $"n{op.Outputs} k{op.Inputs}");
        }
    }

    private static IEnumerable<Measurement> Rows(MeasurementSource source, string kind)
    {
        using CompassLines lines = new(source);
        RowBuilder builder = new(source);
        while (lines.Read(3))
        {
            int rows = lines.Integer(0), width = lines.Integer(1);
            double nanoseconds = (double)rows * width / lines.Number(2, "");
            Operator op = New(OperatorKind.Norm, OperatorRole.Other, rows) with { Inputs = width, Outputs = width, Norm = NormKind.LayerNorm };
            yield return kind == "softmax"
                ? builder.Unmatched(lines.Line, MeasurementClass.Softmax, nanoseconds, MeasuredSpan.Launch, $"softmax {rows} x {width}", "softmax", NoSoftmax)
                : builder.New(lines.Fault, lines.Line, [op], MeasurementClass.Norm, nanoseconds, MeasuredSpan.Launch, kind, kind);
        }
    }

    private static IEnumerable<Measurement> Activations(MeasurementSource source)
    {
        using CompassLines lines = new(source);
        RowBuilder builder = new(source);
        while (lines.Read(2))
        {
            Operator op = New(OperatorKind.Activation, OperatorRole.Other, 1) with { Outputs = lines.Integer(0), Activation = ActivationKind.Gelu };
            yield return builder.New(lines.Fault, lines.Line, [op], MeasurementClass.Elementwise, op.Outputs / lines.Number(1, ""), MeasuredSpan.Launch, "gelu", "gelu");
        }
    }

    private static IEnumerable<Measurement> Layer(MeasurementSource source, string kind)
    {
        using CompassLines lines = new(source);
        RowBuilder builder = new(source);
        bool decode = kind == "transformerAR";
        int rows = decode ? LayerBatch : LayerBatch * LayerPrompt;
        int part = 0;
        for (; lines.Read(1); part++)
        {
            if (part == LayerParts.Length)
            {
                throw lines.Fault($"more than the {LayerParts.Length} times of a layer");
            }

            double nanoseconds = lines.Number(0, "") * 1e9;
            string name = LayerParts[part];
            Operator? op = Part(name, rows, decode ? Phase.Decode : Phase.Prefill);
            yield return op is { } known
                ? builder.New(lines.Fault, lines.Line, [known], known.Kind == OperatorKind.Collective ? MeasurementClass.Collective : Classes.Of(known), nanoseconds, MeasuredSpan.Launch, name, kind)
                : builder.Unmatched(lines.Line, name == "softmax" ? MeasurementClass.Softmax : MeasurementClass.Other, nanoseconds, MeasuredSpan.Launch, name, kind, name == "softmax" ? NoSoftmax : NoProduct);
        }

        if (part < LayerParts.Length)
        {
            throw lines.Fault($"{part} times; a layer has {LayerParts.Length}");
        }
    }

    private static Operator? Part(string name, int rows, Phase phase)
    {
        int share = LayerWidth / LayerDevices;
        Importers.BlockShape block = new(
            rows, LayerWidth, LayerHeads / LayerDevices, LayerHeads / LayerDevices, LayerWidth / LayerHeads, 4 * share, ActivationKind.Gelu, NormKind.LayerNorm, phase);
        return name switch
        {
            "qkv" => block.Qkv(),
            "projection" => block.AttentionOutput(),
            "ffn1" => block.Up(),
            "ffn2" => block.Down(),
            "layernorm_attention" => block.Normalise(OperatorRole.AttentionNorm),
            "layernorm_ffn" => block.Normalise(OperatorRole.FfnNorm),
            "gelu" => block.Activate(),
            "allreduce_attention" or "allreduce_ffn" => Collectives.New(CollectiveKind.AllReduce, LayerDevices, rows * LayerWidth, DataType.Fp16) with { Phase = phase },
            _ => null,
        };
    }

    private static Operator New(OperatorKind kind, OperatorRole role, int rows) => new()
    {
        Kind = kind,
        Role = role,
        Phase = Phase.Prefill,
        Rows = rows,
        WeightType = DataType.Fp16,
        ActivationType = DataType.Fp16,
        KvType = DataType.Fp16,
    };
}
