using System.Runtime.InteropServices;
using PimSim.Devices.Offload;
using PimSim.Simulator.Kernel;
using PimSim.Simulator.Replay;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Batches;
using PimSim.Workloads.Parallelism;

namespace PimSim.Experiments.Serving.Offload;

/// <summary>What the slices of a part of a batch cost on a replica of the model; kept, as they do not depend on contexts.</summary>
internal sealed class DenseCosts
{
    private const int MostKept = 1 << 14;

    private readonly ModelWorkers _workers;
    private readonly TensorParallelism _parallelism;
    private readonly BatchSteps _steps;
    private readonly int _layers;
    private readonly int _queryWidth;
    private readonly bool _overlap;
    private readonly Dictionary<(int Rows, int Sampled), DenseCost> _kept = [];
    private readonly List<Operator> _operators = [];

    /// <summary>Prepares the costs of a model.</summary>
    /// <param name="workers">The GPUs of a replica.</param>
    /// <param name="parallelism">How they share the model out.</param>
    /// <param name="steps">The model's operators.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="queryWidth">Channels of the queries of one GPU.</param>
    /// <param name="overlap">Queries are made first, keys and values by products of their own.</param>
    public DenseCosts(ModelWorkers workers, TensorParallelism parallelism, BatchSteps steps, int layers, int queryWidth, bool overlap)
    {
        _workers = workers;
        _parallelism = parallelism;
        _steps = steps;
        _layers = layers;
        _queryWidth = queryWidth;
        _overlap = overlap;
    }

    /// <summary>Slices of sequences that generate, without attention.</summary>
    public DenseCost Decode(ReadOnlySpan<SequenceGroup> groups)
    {
        int rows = 0, sampled = 0;
        foreach (ref readonly SequenceGroup group in groups)
        {
            rows += (int)group.Rows;
            sampled += group.Sampled;
        }

        if (!_kept.TryGetValue((rows, sampled), out DenseCost? cost))
        {
            // Without attention groups do not matter: one stands for all.
            cost = Slices([new SequenceGroup(Phase.Decode, rows, 1, rows, sampled)], attends: false);
            if (_kept.Count == MostKept)
            {
                _kept.Clear();
            }

            _kept.Add((rows, sampled), cost);
        }

        return cost;
    }

    /// <summary>Slices of prompts, with their attention.</summary>
    public DenseCost Prefill(ReadOnlySpan<SequenceGroup> groups) => Slices(groups, attends: true);

    private DenseCost Slices(ReadOnlySpan<SequenceGroup> groups, bool attends)
    {
        Step step = _parallelism.Shard(_steps.Build(0, groups));
        ReadOnlySpan<Operator> layer = step.Blocks[1].Operators.AsSpan();
        int append = 0;
        while (layer[append].Kind != OperatorKind.KvAppend)
        {
            append++;
        }

        ReadOnlySpan<Operator> before = layer[..append];
        ReadOnlySpan<Operator> after = layer[(append + 1 + groups.Length)..];
        ReadOnlySpan<Operator> attention = attends ? layer[append..(append + 1 + groups.Length)] : [];
        WorkerCost[] roles = new WorkerCost[LedgerRows.Count];
        (long firstQuery, long first) = Slice(step.Blocks[0].Operators.AsSpan(), [], before, 1, roles);
        (long middleQuery, long middle) = Slice(attention, after, before, _layers - 1, roles);
        (_, long last) = Slice(attention, after, step.Blocks[2].Operators.AsSpan(), 1, roles);
        WorkerCost total = default;
        foreach (WorkerCost role in roles)
        {
            total += role;
        }

        return new DenseCost(
            new StreamPlan { IsPrefill = attends, First = first, FirstQuery = firstQuery, Middle = middle, MiddleQuery = middleQuery, Last = last },
            roles,
            total.Time);
    }

    private (long QueryPs, long AllPs) Slice(ReadOnlySpan<Operator> first, ReadOnlySpan<Operator> second, ReadOnlySpan<Operator> third, int times, WorkerCost[] roles)
    {
        _operators.Clear();
        int queries = 0;
        Add(first, ref queries);
        Add(second, ref queries);
        Add(third, ref queries);
        return _workers.Run(CollectionsMarshal.AsSpan(_operators), queries, times, roles);
    }

    /// <summary>Adds operators; with overlap those that make queries, keys and values are cut in two, queries first.</summary>
    private void Add(ReadOnlySpan<Operator> operators, ref int queries)
    {
        int projection = -1;
        for (int i = 0; i < operators.Length && _overlap; i++)
        {
            projection = operators[i].Role == OperatorRole.QkvProjection ? i : projection;
        }

        if (projection < 0)
        {
            _operators.AddRange(operators);
            return;
        }

        _operators.AddRange(operators[..projection]);
        Operator qkv = operators[projection];
        ReadOnlySpan<Operator> ropes = operators[(projection + 1)..];
        _operators.Add(qkv with { Outputs = _queryWidth });
        foreach (Operator rope in ropes)
        {
            _operators.Add(rope with { KvHeads = 0 });
        }

        queries = _operators.Count;
        _operators.Add(qkv with { Outputs = qkv.Outputs - _queryWidth });
        foreach (Operator rope in ropes)
        {
            _operators.Add(rope with { Heads = rope.KvHeads, KvHeads = 0 });
        }
    }
}

/// <summary>What the slices of a part of a batch cost.</summary>
/// <param name="Plan">Their times.</param>
/// <param name="Roles">Costs of all slices of an iteration, by ledger row.</param>
/// <param name="Busy">Time of all slices of an iteration.</param>
internal sealed record DenseCost(StreamPlan Plan, WorkerCost[] Roles, Picoseconds Busy);
