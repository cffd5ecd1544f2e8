using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Replay;

/// <summary>When things happened in a replay.</summary>
/// <param name="Tokens">Tokens committed.</param>
/// <param name="Steps">Steps replayed.</param>
/// <param name="Elapsed">End of the last step.</param>
/// <param name="FirstToken">End of the first step that commits tokens: the time to the first token; null if none does.</param>
/// <param name="Cost">What the operators needed at least, in the trace's data types.</param>
public readonly record struct ReplayResult(long Tokens, int Steps, Picoseconds Elapsed, Picoseconds? FirstToken, OperatorCost Cost);

/// <summary>Replays a trace on a device: each operator starts when the one before has its result.</summary>
public sealed class TraceReplay
{
    private readonly IDevice _device;
    private readonly EventQueue<ReplayEvent> _events = new(4);

    /// <summary>Prepares a replay on a device that has executed nothing yet.</summary>
    public TraceReplay(IDevice device) => _device = device;

    /// <summary>Loads the model and runs all steps.</summary>
    /// <param name="source">The trace; its steps are consumed one by one and not kept.</param>
    /// <param name="onStep">Called after each step with its index, for progress.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    public ReplayResult Run(IStepSource source, Action<int>? onStep = null, CancellationToken cancellation = default)
    {
        _device.Load(source.Footprint);
        ReplayResult result = default;
        using IEnumerator<Step> steps = source.Steps().GetEnumerator();
        _events.Schedule(Picoseconds.Zero, default);
        while (_events.TryNext(out ReplayEvent next))
        {
            if (next.Step is { } step && next.Block < step.Blocks.Length)
            {
                StepBlock block = step.Blocks[next.Block];
                Picoseconds end = _device.Execute(block.Operators[next.Operator], next.Instance, _events.Now);
                _events.Schedule(end, next.After(block));
                continue;
            }

            if (next.Step is { } over)
            {
                Picoseconds end = _device.EndStep(over, _events.Now);
                result = result with
                {
                    Tokens = result.Tokens + over.CommittedTokens,
                    Steps = result.Steps + 1,
                    Elapsed = end,
                    FirstToken = result.FirstToken ?? (over.CommittedTokens > 0 ? end : null),
                    Cost = result.Cost + over.Cost(),
                };
                onStep?.Invoke(over.Index);
                _events.Schedule(end, default);
                continue;
            }

            cancellation.ThrowIfCancellationRequested();
            if (steps.MoveNext())
            {
                _events.Schedule(_device.BeginStep(steps.Current, _events.Now), new ReplayEvent(steps.Current, 0, 0, 0));
            }
        }

        return result;
    }

    /// <summary>The next operator may start; without a step, the next step.</summary>
    private readonly record struct ReplayEvent(Step? Step, int Block, int Instance, int Operator)
    {
        public ReplayEvent After(StepBlock block) =>
            Operator + 1 < block.Operators.Length ? this with { Operator = Operator + 1 }
            : Instance + 1 < block.Repeat ? this with { Operator = 0, Instance = Instance + 1 }
            : new ReplayEvent(Step, Block + 1, 0, 0);
    }
}
