using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Importers;

/// <summary>
/// Operators measured one by one, each at many shapes. As steps, each line of the source is one: the layers that were
/// measured at the same number of tokens.
/// </summary>
public sealed class ImportedMeasurements : ImportedTrace, IStepSource
{
    private readonly Func<IEnumerable<MeasuredOperator>> _read;

    internal ImportedMeasurements(string path, ImportFormat format, Func<IEnumerable<MeasuredOperator>> read)
        : base(path, format)
    {
        _read = read;
        Footprint = ImportedSteps.EmptyFootprint(path);
    }

    /// <inheritdoc/>
    public override string Description => $"{Format.Name()}: operators measured one by one";

    /// <inheritdoc/>
    public ModelFootprint Footprint { get; }

    /// <summary>The operators in the order of the file, which is read while they are consumed.</summary>
    public IEnumerable<MeasuredOperator> Operators() => _read();

    /// <inheritdoc/>
    public IEnumerable<Step> Steps()
    {
        List<MeasuredOperator> line = [];
        int index = 0;
        foreach (MeasuredOperator measured in _read())
        {
            if (line.Count > 0 && line[0].Line != measured.Line)
            {
                yield return NewStep(index++, line);
                line.Clear();
            }

            line.Add(measured);
        }

        if (line.Count > 0)
        {
            yield return NewStep(index, line);
        }
    }

    private static Step NewStep(int index, List<MeasuredOperator> line) => new(
        index,
        line[0].Operator.Phase,
        [new StepBlock([.. line.Select(measured => measured.Operator)], 1)],
        CommittedTokens: 0)
    {
        MeasuredNanoseconds = [.. line.Select(measured => measured.Nanoseconds)],
    };
}
