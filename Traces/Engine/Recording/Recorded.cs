using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.Recording;

/// <summary>A tensor and the operator that it came from.</summary>
/// <typeparam name="TTensor">The tensor of the backend.</typeparam>
/// <param name="Value">The tensor.</param>
/// <param name="Producer">Number of that operator in the recording (<see cref="StepRecorder"/>), from 1; 0 if none made it.</param>
public readonly record struct Recorded<TTensor>(TTensor Value, long Producer) : ITensor
    where TTensor : ITensor
{
    /// <inheritdoc/>
    public int Rows => Value.Rows;

    /// <inheritdoc/>
    public int Columns => Value.Columns;

    /// <inheritdoc/>
    public DataType Type => Value.Type;
}
