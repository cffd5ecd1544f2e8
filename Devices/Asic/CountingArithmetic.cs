namespace PimSim.Devices.Asic;

/// <summary>A word without a value: how many units its longest chain of operands passed since its stage began.</summary>
public readonly record struct CountedWord(int Stage, int Depth);

/// <summary>Counts, stage by stage, what the very code that computes a function asks of the hardware.</summary>
public readonly struct CountingArithmetic : IArithmetic<CountedWord>
{
    private readonly List<OperationCount> _stages;

    private CountingArithmetic(List<OperationCount> stages)
    {
        _stages = stages;
    }

    /// <summary>The stages counted so far; the last one is empty if <see cref="EndStage"/> was called last.</summary>
    public IReadOnlyList<OperationCount> Stages => _stages;

    /// <summary>A counter at zero.</summary>
    public static CountingArithmetic Start() => new([default]);

    /// <inheritdoc/>
    public CountedWord Constant(float value) => default;

    /// <inheritdoc/>
    public CountedWord ConstantBits(uint bits) => default;

    /// <inheritdoc/>
    public CountedWord Add(CountedWord a, CountedWord b) => Through(Math.Max(DepthOf(a), DepthOf(b)), adds: 1, multiplies: 0);

    /// <inheritdoc/>
    public CountedWord Subtract(CountedWord a, CountedWord b) => Add(a, b);

    /// <inheritdoc/>
    public CountedWord Multiply(CountedWord a, CountedWord b) => Through(Math.Max(DepthOf(a), DepthOf(b)), adds: 0, multiplies: 1);

    /// <inheritdoc/>
    public CountedWord AddBits(CountedWord a, CountedWord b) => Add(a, b);

    /// <inheritdoc/>
    public CountedWord SubtractBits(CountedWord a, CountedWord b) => Add(a, b);

    /// <inheritdoc/>
    public CountedWord ShiftLeft(CountedWord a, int places) => a;

    /// <inheritdoc/>
    public CountedWord ShiftRight(CountedWord a, int places) => a;

    /// <inheritdoc/>
    public CountedWord MaskBits(CountedWord a, uint keep, uint set) => a;

    /// <inheritdoc/>
    public CountedWord Select(CountedWord sign, CountedWord ifNegative, CountedWord otherwise) =>
        new(CurrentStage, Math.Max(DepthOf(sign), Math.Max(DepthOf(ifNegative), DepthOf(otherwise))));

    /// <inheritdoc/>
    public void EndStage() => _stages.Add(default);

    private int CurrentStage => _stages.Count - 1;

    // What an earlier stage produced is ready when this one starts.
    private int DepthOf(CountedWord word) => word.Stage == CurrentStage ? word.Depth : 0;

    private CountedWord Through(int depth, int adds, int multiplies)
    {
        OperationCount stage = _stages[CurrentStage];
        _stages[CurrentStage] = new(stage.Adds + adds, stage.Multiplies + multiplies, Math.Max(stage.Depth, depth + 1));
        return new(CurrentStage, depth + 1);
    }
}
