using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Measurements;

/// <summary>The class of a single operator.</summary>
internal static class Classes
{
    public static MeasurementClass Of(in Operator op) => op.Kind switch
    {
        OperatorKind.Gemm => MeasurementClass.Linear,
        OperatorKind.Attention => op.Rows == op.Sequences ? MeasurementClass.DecodeAttention : MeasurementClass.PrefillAttention,
        OperatorKind.Activation or OperatorKind.Add => MeasurementClass.Elementwise,
        OperatorKind.Norm => MeasurementClass.Norm,
        OperatorKind.Rope => MeasurementClass.Rope,
        OperatorKind.Embedding => MeasurementClass.Embedding,
        _ => MeasurementClass.Other,
    };
}
