using PimSim.Simulator.Kernel;
using PimSim.Simulator.Serving.Memory;
using PimSim.Simulator.Serving.Policies;
using PimSim.Traces.Format.Operators;

namespace PimSim.Simulator.Serving;

/// <summary>
/// The queues, the batch and the KV memory of one replica, and the steps of which a policy composes an iteration. Sequences stand in
/// the batch in the order in which they were admitted.
/// </summary>
public sealed class ReplicaScheduler
{
    private readonly RequestTable _requests;
    private readonly ISchedulingPolicy _policy;
    private readonly ServingLimits _limits;
    private readonly IDecodeRule _rule;
    private readonly SlotQueue _waiting = new();
    private readonly SlotQueue _swapped = new();
    private readonly SequenceGrouping _grouping;
    private readonly WorkerPlacement? _placement;
    private int[] _running;

    internal ReplicaScheduler(int index, int number, PoolRole role, IReplica replica, ServingLimits limits, ISchedulingPolicy policy, IDecodeRule rule, RequestTable requests, ReplicaScheduler? first)
    {
        Index = index;
        Number = number;
        Siblings = first?.Siblings ?? [];
        Siblings.Add(this);
        Role = role;
        Replica = replica;
        _limits = limits;
        _policy = policy;
        _rule = rule;
        _requests = requests;
        Memory = first?.Memory ?? new SequenceMemory(replica.KvCapacityTokens, limits, rule);
        _running = new int[Math.Min(limits.MaxSequences, 1024)];
        _grouping = replica.Grouping;
        _placement = _grouping.Workers > 1 ? new WorkerPlacement(_grouping.Workers, _grouping.Assignment) : null;
    }

    /// <summary>Its number among all schedulers, from 0: a replica has one for each batch that it may have in flight.</summary>
    public int Index { get; }

    /// <summary>The replica's number in the system, from 0.</summary>
    public int Number { get; }

    /// <summary>Sequences in the batch.</summary>
    public int RunningSequences { get; private set; }

    /// <summary>Requests that were sent here and have neither finished nor moved on.</summary>
    public int Outstanding { get; internal set; }

    /// <summary>Sequences in the iteration that is being composed.</summary>
    public int PlannedSequences => Iteration.Count;

    /// <summary>The KV memory.</summary>
    public KvMemory KvMemory => Memory.Blocks;

    /// <summary>All schedulers of this replica, which share its memory; this one too.</summary>
    internal List<ReplicaScheduler> Siblings { get; }

    internal PoolRole Role { get; }

    internal IReplica Replica { get; }

    internal SequenceMemory Memory { get; }

    internal IterationPlan Iteration { get; } = new();

    /// <summary>Sequences that wait here with their cache still elsewhere.</summary>
    internal SlotQueue Moving { get; } = new();

    /// <summary>Sequences that have memory here and whose cache is on its way.</summary>
    internal int InTransfer { get; set; }

    /// <summary>Sequences that are gone but for their cache, which has not been fetched.</summary>
    internal int Held { get; set; }

    internal bool Busy { get; set; }

    /// <summary>Those whose iterations run together, in order, this one among them.</summary>
    internal ReplicaScheduler[] Together { get; set; } = [];

    internal bool PlanPending { get; set; }

    /// <summary>When the link that its caches leave over is free.</summary>
    internal Picoseconds LinkFree { get; set; }

    /// <summary>Blocks swapped in and out before the iteration that is being composed.</summary>
    internal long SwapBlocks { get; private set; }

    /// <summary>How long these blocks take.</summary>
    internal Picoseconds SwapTime => SwapBlocks == 0 ? Picoseconds.Zero : _policy.SwapLink!.Occupation(Bytes(SwapBlocks)) + _policy.SwapLink.Latency;

    internal long Preemptions { get; private set; }

    private int Sequences => RunningSequences + _swapped.Count + InTransfer;

    private int BlocksToLeave => Siblings.TrueForAll(one => one.RunningSequences + one.InTransfer + one.Held == 0) ? 0 : Memory.WatermarkBlocks;

    /// <summary>Adds a decode step of every sequence in the batch whose prompt is done; preempts from the end of the batch where memory ends.</summary>
    /// <returns>Whether any was preempted.</returns>
    public bool ScheduleDecodes()
    {
        bool preempted = false;
        for (int i = 0; i < RunningSequences; i++)
        {
            int slot = _running[i];
            if (_requests[slot].InPrefill)
            {
                continue;
            }

            bool fits = Memory.TryGrow(ref _requests[slot], _requests[slot].Computed + _rule.NewTokens);
            while (!fits && RunningSequences > i)
            {
                PreemptLast();
                preempted = true;
                fits = RunningSequences > i && Memory.TryGrow(ref _requests[slot], _requests[slot].Computed + _rule.NewTokens);
            }

            if (fits)
            {
                PlanDecode(slot);
            }
        }

        return preempted;
    }

    /// <summary>Adds chunks of the prompts that are begun, as far as the token budget goes.</summary>
    public void ContinuePrefills()
    {
        for (int i = 0; i < RunningSequences && Iteration.Tokens < _limits.MaxBatchedTokens; i++)
        {
            if (_requests[_running[i]].InPrefill)
            {
                PlanPrefill(_running[i], _limits.MaxBatchedTokens - Iteration.Tokens);
            }
        }
    }

    /// <summary>
    /// Admits waiting requests in order while sequences, tokens and memory allow, and adds their prompts. None while sequences are
    /// swapped out: these came first.
    /// </summary>
    public void Admit(PromptBatching batching)
    {
        bool chunked = batching == PromptBatching.Chunked;
        while (_waiting.Count > 0 && _swapped.Count == 0 && Sequences < _limits.MaxSequences)
        {
            int slot = _waiting.First;
            ref RequestState s = ref _requests[slot];
            if (chunked && Iteration.Tokens >= _limits.MaxBatchedTokens)
            {
                return;
            }

            if (batching == PromptBatching.WholeWithinBudget && Iteration.Count > 0 && !FitsBudget(ref s))
            {
                return;
            }

            if (!Memory.TryAdmit(ref s, TokensToReserve(ref s), BlocksToLeave))
            {
                return;
            }

            _waiting.TakeFirst();
            if (s.Preemptions == 0)
            {
                s.PrefixHitTokens = (int)s.Computed;
            }

            Run(slot);
            PlanPrefill(slot, chunked ? _limits.MaxBatchedTokens - Iteration.Tokens : int.MaxValue);
        }
    }

    /// <summary>Brings swapped sequences back in order while memory allows, and adds the decode steps of those whose prompt is done.</summary>
    public void SwapIn()
    {
        while (_swapped.Count > 0)
        {
            int slot = _swapped.First;
            ref RequestState s = ref _requests[slot];
            long tokens = s.InPrefill ? s.PrefillTokens : s.Computed + _rule.NewTokens;
            if (!Memory.TryTakeMoved(ref s, tokens, BlocksToLeave))
            {
                return;
            }

            _swapped.TakeFirst();
            SwapBlocks += s.SwappedBlocks;
            s.SwappedBlocks = 0;
            Run(slot);
            if (!s.InPrefill)
            {
                PlanDecode(slot);
            }
        }
    }

    internal void Enqueue(int slot)
    {
        _requests[slot].Replica = Index;
        Outstanding++;
        _waiting.AddLast(slot);
    }

    /// <summary>The next sequence to fetch from elsewhere, with memory taken for it; false if there is none or no room.</summary>
    internal bool TryFetchMoving(out int slot)
    {
        slot = -1;
        if (Moving.Count == 0 || _waiting.Count > 0 || _swapped.Count > 0 || Sequences >= _limits.MaxSequences)
        {
            return false;
        }

        ref RequestState s = ref _requests[Moving.First];
        if (!Memory.TryTakeMoved(ref s, TokensToReserve(ref s), BlocksToLeave))
        {
            return false;
        }

        slot = Moving.TakeFirst();
        InTransfer++;
        return true;
    }

    internal void JoinMoved(int slot)
    {
        InTransfer--;
        Run(slot);
    }

    /// <summary>Composes the next iteration.</summary>
    internal ReadOnlySpan<SequenceGroup> Compose()
    {
        Iteration.Clear();
        SwapBlocks = 0;
        _policy.Plan(this);
        _placement?.Place(_running.AsSpan(0, RunningSequences), _requests);
        Iteration.Close(_grouping, _requests);
        return Iteration.Groups;
    }

    /// <summary>Takes the sequences that leave out of the batch; the others keep their order.</summary>
    internal void RemoveLeaving()
    {
        int kept = 0;
        for (int i = 0; i < RunningSequences; i++)
        {
            if (!_requests[_running[i]].Leaves)
            {
                _running[kept++] = _running[i];
            }
        }

        RunningSequences = kept;
    }

    /// <summary>The bytes of a number of blocks.</summary>
    internal long Bytes(long blocks) => checked(blocks * _limits.BlockTokens * Replica.KvBytesPerToken);

    /// <summary>Why a request can never run here; null if it can.</summary>
    internal RejectionReason? Refuses(int inputTokens, int outputTokens)
    {
        if ((long)inputTokens + outputTokens > Replica.ModelLengthTokens)
        {
            return RejectionReason.LongerThanModel;
        }

        return Memory.BlocksOf(MostTokens(inputTokens, outputTokens)) > Memory.Blocks.TotalBlocks ? RejectionReason.LargerThanMemory : null;
    }

    private long MostTokens(long inputTokens, long outputTokens) => Role == PoolRole.Prefill ? inputTokens : inputTokens + outputTokens + _rule.NewTokens - 1;

    private long TokensToReserve(ref RequestState s) =>
        _policy.TokensToReserve(Math.Max(s.PrefillTokens, s.Computed), s.InputTokens, MostTokens(s.InputTokens, s.OutputTokens), Replica.ModelLengthTokens);

    private void Run(int slot)
    {
        if (RunningSequences == _running.Length)
        {
            Array.Resize(ref _running, RunningSequences * 2);
        }

        _running[RunningSequences++] = slot;
        _requests[slot].Worker = -1;
    }

    /// <summary>The cached part of a prompt costs no tokens; it is known before memory is taken.</summary>
    private bool FitsBudget(ref RequestState s) => Iteration.Tokens + s.PrefillTokens - Memory.PrefixHitTokens(ref s) <= _limits.MaxBatchedTokens;

    private void PlanDecode(int slot) => Iteration.AddDecode(slot, _rule.NewTokens, _rule.KeptTokens(_requests[slot].Computed + _rule.NewTokens));

    private void PlanPrefill(int slot, int budget)
    {
        ref RequestState s = ref _requests[slot];
        int rows = (int)Math.Min(budget, s.PrefillTokens - s.Computed);
        long after = s.Computed + rows;
        Iteration.AddPrefill(slot, rows, _rule.KeptTokens(after), after == s.PrefillTokens);
    }

    private void PreemptLast()
    {
        int slot = _running[--RunningSequences];
        ref RequestState s = ref _requests[slot];
        s.Preemptions++;
        Preemptions++;
        if (_policy.SwapLink is null)
        {
            Memory.Release(ref s);
            s.Computed = 0;
            s.PrefillTokens = (long)s.InputTokens + s.Generated;
            _waiting.AddFirst(slot);
            return;
        }

        // Pieces of a shared prefix are copied too: what stays behind could be evicted meanwhile.
        s.SwappedBlocks = s.Blocks + (s.PrefixPieces * Memory.Blocks.BlocksPerPrefix);
        SwapBlocks += s.SwappedBlocks;
        Memory.Release(ref s);
        _swapped.AddFirst(slot);
    }
}
