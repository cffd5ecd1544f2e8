using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Tests.Stacks;

/// <summary>Steps of a GPT-2 written by hand, so that these tests need no engine.</summary>
internal static class Gpt2Steps
{
    private const int Vocabulary = 50257;

    public static Step Decode(int layers, int width, int heads, int context) => Forward(Phase.Decode, layers, width, heads, 1, context);

    public static Step Prefill(int layers, int width, int heads, int tokens) => Forward(Phase.Prefill, layers, width, heads, tokens, tokens);

    private static Step Forward(Phase phase, int layers, int width, int heads, int rows, int context)
    {
        Operator op = new() { Kind = OperatorKind.Add, Role = OperatorRole.Residual, Phase = phase, Rows = rows, Outputs = width };
        Operator norm = op with { Kind = OperatorKind.Norm, Role = OperatorRole.AttentionNorm, Norm = NormKind.LayerNorm, Inputs = width };
        Operator attention = op with
        {
            Kind = OperatorKind.Attention,
            Role = OperatorRole.Attention,
            Sequences = 1,
            Heads = heads,
            KvHeads = heads,
            HeadDim = width / heads,
            Context = context,
        };
        Operator Product(OperatorRole role, int inputs, int outputs) =>
            op with { Kind = OperatorKind.Gemm, Role = role, Inputs = inputs, Outputs = outputs, Bias = true };

        StepBlock layer = new(
            [
                norm,
                Product(OperatorRole.QkvProjection, width, 3 * width),
                attention with { Kind = OperatorKind.KvAppend, Role = OperatorRole.KvAppend },
                attention,
                Product(OperatorRole.OutputProjection, width, width),
                op,
                norm with { Role = OperatorRole.FfnNorm },
                Product(OperatorRole.FfnUp, width, 4 * width),
                op with { Kind = OperatorKind.Activation, Role = OperatorRole.FfnActivation, Activation = ActivationKind.Gelu, Outputs = 4 * width },
                Product(OperatorRole.FfnDown, 4 * width, width),
                op,
            ],
            layers);
        Operator embedding = op with { Kind = OperatorKind.Embedding, Role = OperatorRole.Embedding };
        StepBlock first = new([embedding, embedding, op with { Kind = OperatorKind.Add, Role = OperatorRole.Embedding }], 1);
        StepBlock last = new(
            [
                norm with { Role = OperatorRole.FinalNorm, Rows = 1 },
                Product(OperatorRole.LmHead, width, Vocabulary) with { Rows = 1, Bias = false },
                op with { Kind = OperatorKind.Sample, Role = OperatorRole.Sample, Rows = 1, Inputs = Vocabulary },
            ],
            1);
        return new Step(0, phase, [first, layer, last], 1);
    }
}
