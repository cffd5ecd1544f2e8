using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>The words of trace files for members of enumerations, for whoever shows them beside a file.</summary>
public static class TraceWords
{
    /// <summary><c>qkv_projection</c>.</summary>
    public static string Of(OperatorRole role) => EnumWords<OperatorRole>.Of(role);

    /// <summary><c>kv_append</c>.</summary>
    public static string Of(OperatorKind kind) => EnumWords<OperatorKind>.Of(kind);

    /// <summary><c>prefill</c>.</summary>
    public static string Of(Phase phase) => EnumWords<Phase>.Of(phase);
}
