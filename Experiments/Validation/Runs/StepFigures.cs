namespace PimSim.Experiments.Validation.Runs;

/// <summary>What a step takes.</summary>
/// <param name="Seconds">Time.</param>
/// <param name="Joules">Energy of all devices.</param>
/// <param name="Flops">Operations of one device.</param>
/// <param name="Bytes">Bytes that one device must move.</param>
public readonly record struct StepFigures(double Seconds, double Joules, double Flops, double Bytes)
{
    /// <summary>One step after the other.</summary>
    public static StepFigures operator +(StepFigures a, StepFigures b) => new(a.Seconds + b.Seconds, a.Joules + b.Joules, a.Flops + b.Flops, a.Bytes + b.Bytes);

    /// <summary>So many of them.</summary>
    public static StepFigures operator *(StepFigures a, double times) => new(a.Seconds * times, a.Joules * times, a.Flops * times, a.Bytes * times);
}
