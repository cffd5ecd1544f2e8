using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Importers;
using PimSim.Traces.Format.Importers.Reading;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>Blocks of a model whose sizes are known, on one of several tensor-parallel devices.</summary>
internal static class SizedBlock
{
    /// <summary>Tokens of one step; more are a slip of the pen.</summary>
    public const int MostTokens = 1 << 24;

    /// <summary>The layers of one device.</summary>
    /// <exception cref="PimSimUserException">The model cannot be spread over so many devices.</exception>
    public static BlockShape Of(ModelSizes sizes, CsvTable table, int tokens, int devices, DataType type, Phase phase = Phase.Prefill)
    {
        RequireShares(sizes, table, devices);
        return new BlockShape(tokens, sizes.Width, sizes.Heads / devices, KvHeads(sizes, devices), sizes.HeadDim, sizes.FfnWidth / devices, sizes.Activation, sizes.Norm, phase)
        {
            WeightType = type,
            ActivationType = type,
            QkvBias = sizes.QkvBias,
        };
    }

    /// <summary>Attention of equal sequences on one device.</summary>
    public static Operator Attention(ModelSizes sizes, CsvTable table, int sequences, int tokens, int before, int devices, DataType type)
    {
        RequireShares(sizes, table, devices);
        if ((long)sequences * tokens > MostTokens || (long)before + tokens > MostTokens)
        {
            throw table.Fault($"{sequences} sequences of {tokens} tokens after {before} are more than the {MostTokens} tokens of one step");
        }

        return new Operator
        {
            Kind = OperatorKind.Attention,
            Role = OperatorRole.Attention,
            Phase = tokens > 1 ? Phase.Prefill : Phase.Decode,
            Rows = sequences * tokens,
            Sequences = sequences,
            Heads = sizes.Heads / devices,
            KvHeads = KvHeads(sizes, devices),
            HeadDim = sizes.HeadDim,
            Context = before + tokens,
            WeightType = type,
            ActivationType = type,
            KvType = type,
        };
    }

    // Where there are fewer of them than devices, each device holds one.
    private static int KvHeads(ModelSizes sizes, int devices) => Math.Max(1, sizes.KvHeads / devices);

    private static void RequireShares(ModelSizes sizes, CsvTable table, int devices)
    {
        if (sizes.Heads % devices != 0 || sizes.FfnWidth % devices != 0 || (sizes.KvHeads % devices != 0 && devices % sizes.KvHeads != 0))
        {
            throw table.Fault($"{sizes.Heads} heads, {sizes.KvHeads} KV heads and an FFN of {sizes.FfnWidth} cannot be spread over {devices} devices");
        }
    }
}
