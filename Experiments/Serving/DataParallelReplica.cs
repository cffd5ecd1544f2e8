using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Simulator.Serving;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using PimSim.Workloads.Parallelism;

namespace PimSim.Experiments.Serving;

/// <summary>One of the GPUs of a <see cref="DataParallelGroup"/>, with sequences and a cache of its own.</summary>
internal sealed class DataParallelReplica : IServingReplica
{
    private readonly IDevice _device;
    private Picoseconds _ended;

    public DataParallelReplica(DataParallelGroup group, IDevice device, DataParallelism parallelism, ModelShape model, int capacityTokens)
    {
        _device = device;
        _device.Load(parallelism.Shard(model.Footprint(capacityTokens, 1)));
        Group = group;
        KvCapacityTokens = capacityTokens;
        KvBytesPerToken = model.Footprint(1, 1).KvBytes;
        ModelLengthTokens = model.MaxPositions;
    }

    public IReplicaGroup Group { get; }

    public CostLedger Ledger => _device.Ledger;

    public long KvCapacityTokens { get; }

    public long KvBytesPerToken { get; }

    public long ModelLengthTokens { get; }

    /// <summary>What it has joined the next iteration with.</summary>
    public List<SequenceGroup> Joined { get; } = [];

    public Picoseconds Run(ReadOnlySpan<SequenceGroup> groups, Picoseconds start) => throw new InvalidOperationException("it runs with its group only");

    public Picoseconds Run(Step step, Picoseconds start)
    {
        Rest(start);
        return _ended = StepRun.On(_device, step, start);
    }

    public void Rest(Picoseconds until)
    {
        if (until > _ended)
        {
            _device.Rest(until - _ended);
            _ended = until;
        }
    }
}

/// <summary>
/// GPUs that each have sequences of their own and share out the experts, so that every iteration is one of all. It takes what the GPU with the most
/// work takes: all layers are alike, so the one that the others wait for is the same in each. A GPU without sequences runs along with one token.
/// </summary>
internal sealed class DataParallelGroup : IReplicaGroup
{
    private static readonly SequenceGroup Idle = new(Phase.Decode, 1, 1, 1, 0);

    private readonly List<DataParallelReplica> _members = [];
    private readonly BatchSteps _steps;
    private readonly DataParallelism _parallelism;
    private readonly bool _prefill;
    private int _index;

    private DataParallelGroup(BatchSteps steps, DataParallelism parallelism, bool prefill)
    {
        _steps = steps;
        _parallelism = parallelism;
        _prefill = prefill;
    }

    /// <summary>Puts a copy of a model onto a group; the members.</summary>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">The model does not fit, or has no experts to share out.</exception>
    public static IEnumerable<DataParallelReplica> Create(Func<IDevice> factory, ModelShape model, DataParallelism parallelism, int capacity, bool prefill)
    {
        DataParallelGroup group = new(new BatchSteps(model), parallelism, prefill);
        for (int member = 0; member < parallelism.Ranks; member++)
        {
            group._members.Add(new DataParallelReplica(group, factory(), parallelism, model, capacity));
        }

        return group._members;
    }

    public void Join(IReplica member, ReadOnlySpan<SequenceGroup> groups)
    {
        List<SequenceGroup> joined = ((DataParallelReplica)member).Joined;
        joined.Clear();
        joined.AddRange(_prefill ? groups : groups[..SequenceGroup.FirstPrompt(groups)]);
    }

    public Picoseconds Run(Picoseconds start)
    {
        if (_members.TrueForAll(member => member.Joined.Count == 0))
        {
            return start;
        }

        long tokens = 0, most = 0;
        foreach (DataParallelReplica member in _members)
        {
            if (member.Joined.Count == 0)
            {
                member.Joined.Add(Idle);
            }

            long own = member.Joined.Sum(group => group.Rows);
            tokens += own;
            most = Math.Max(most, own);
        }

        Picoseconds end = start;
        foreach (DataParallelReplica member in _members)
        {
            Step own = _steps.Build(_index, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(member.Joined));
            end = Picoseconds.Max(end, member.Run(_parallelism.Shard(own, checked((int)tokens), (int)most), start));
        }

        _index++;
        return end;
    }
}
