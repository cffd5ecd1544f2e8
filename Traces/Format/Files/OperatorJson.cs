using System.Text.Json;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>The fields of an operator in JSON, one form for trace files and what is exported. Fields that are 0 or the default are left out.</summary>
internal static class OperatorJson
{
    /// <summary>What is computed, and in which types; into an object that is open.</summary>
    public static void WriteShape(Utf8JsonWriter json, in Operator op)
    {
        json.WriteString("kind", EnumWords<OperatorKind>.Of(op.Kind));
        json.WriteString("role", EnumWords<OperatorRole>.Of(op.Role));
        json.WriteString("phase", EnumWords<Phase>.Of(op.Phase));
        WriteSize(json, "rows", op.Rows);
        WriteSize(json, "inputs", op.Inputs);
        WriteSize(json, "outputs", op.Outputs);
        WriteSize(json, "sequences", op.Sequences);
        WriteSize(json, "heads", op.Heads);
        WriteSize(json, "kv_heads", op.KvHeads);
        WriteSize(json, "head_dim", op.HeadDim);
        WriteSize(json, "context", op.Context);
        WriteSize(json, "taps", op.Taps);
        WriteSize(json, "stride", op.Stride);
        WriteSize(json, "padding", op.Padding);
        WriteSize(json, "group", op.Group);
        WriteSize(json, "nonzeros", op.Nonzeros);
        WriteSize(json, "experts", op.Experts);
        WriteSize(json, "ranks", op.Ranks);
        if (op.Collective != CollectiveKind.None)
        {
            json.WriteString("collective", EnumWords<CollectiveKind>.Of(op.Collective));
        }

        if (op.Bias)
        {
            json.WriteBoolean("bias", true);
        }

        if (op.Mask != AttentionMask.Causal)
        {
            json.WriteString("mask", EnumWords<AttentionMask>.Of(op.Mask));
        }

        if (op.Activation != ActivationKind.None)
        {
            json.WriteString("activation", EnumWords<ActivationKind>.Of(op.Activation));
        }

        if (op.Norm != NormKind.None)
        {
            json.WriteString("norm", EnumWords<NormKind>.Of(op.Norm));
        }

        json.WriteString("weight_type", EnumWords<DataType>.Of(op.WeightType));
        json.WriteString("activation_type", EnumWords<DataType>.Of(op.ActivationType));
        json.WriteString("kv_type", EnumWords<DataType>.Of(op.KvType));
    }

    private static void WriteSize(Utf8JsonWriter json, string key, int size)
    {
        if (size != 0)
        {
            json.WriteNumber(key, size);
        }
    }
}
