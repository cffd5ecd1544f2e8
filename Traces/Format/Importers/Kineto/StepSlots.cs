using PimSim.Traces.Format.Importers.Reading;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>
/// Which step a launch belongs to: slot 2 i + 1 is inside the i-th annotated step, slot 2 i before it and after the one
/// before. Without annotations everything is slot 0.
/// </summary>
internal sealed class StepSlots
{
    private readonly AnnotatedStep[] _steps;

    public StepSlots(IEnumerable<AnnotatedStep> steps, string path)
    {
        // The sort is stable, so that equal starts keep the order of the file.
        _steps = [.. steps.OrderBy(step => step.StartNanoseconds)];
        if (_steps.Length > 0 && Array.Exists(_steps, step => step.Process != _steps[0].Process))
        {
            throw ImportError.Of(path, "holds the steps (ProfilerStep#n) of several processes; import the trace of each process by itself");
        }
    }

    /// <summary>The slot of what the host did at a time.</summary>
    public int Of(long nanoseconds)
    {
        int low = 0;
        int high = _steps.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _steps[middle].StartNanoseconds <= nanoseconds ? (middle + 1, high) : (low, middle);
        }

        int last = low - 1;
        return last >= 0 && nanoseconds <= _steps[last].EndNanoseconds ? (2 * last) + 1 : 2 * low;
    }

    /// <summary>What a slot is called.</summary>
    public string Name(int slot) => slot % 2 == 1
        ? _steps[slot / 2].Name
        : slot == 0 ? "before the first step" : $"after {_steps[(slot / 2) - 1].Name}";
}
