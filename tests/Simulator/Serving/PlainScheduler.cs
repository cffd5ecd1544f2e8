using PimSim.Simulator.Serving;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Requests;

namespace PimSim.Simulator.Tests.Serving;

/// <summary>
/// vLLM and Sarathi on one replica, written as one would explain them: lists, sums over all jobs whenever memory is asked for, one
/// loop over time. Shares nothing with the simulator but the rule and the cost of an iteration.
/// </summary>
internal sealed class PlainScheduler(RandomServing serving, bool chunked, double swapBytesPerSecond, long swapLatencyPs)
{
    private readonly int _blocks = serving.Capacity / serving.Limits.BlockTokens;
    private readonly int _pieceTokens = serving.Limits.PrefixBlockTokens;
    private readonly IDecodeRule _rule = serving.Rule;
    private readonly List<Job> _waiting = [];
    private readonly List<Job> _running = [];
    private readonly List<Job> _swapped = [];
    private readonly List<string> _idlePieces = [];
    private readonly List<(Job Job, int Rows, bool Prefill)> _plan = [];
    private long _swapBlocks;

    public List<string> Log { get; } = [];

    public List<string> Ended { get; } = [];

    private int PlannedRows => _plan.Sum(p => p.Rows);

    private int PieceBlocks => _pieceTokens / serving.Limits.BlockTokens;

    private int Used => _running.Sum(j => j.Own) + (_running.SelectMany(j => j.Pieces).Distinct().Count() * PieceBlocks);

    private int Leave => _running.Count == 0 ? 0 : (int)(serving.Limits.Watermark * _blocks);

    public void Run(FakeReplica cost)
    {
        List<Job> coming = [];
        for (int i = 0; i < serving.Requests.Length; i++)
        {
            Request r = serving.Requests[i];
            long most = r.InputTokens + r.OutputTokens + serving.Rows - 1;
            if (r.InputTokens > 0 && r.OutputTokens > 0 && r.InputTokens + r.OutputTokens <= serving.ModelTokens && BlocksOf(most) <= _blocks)
            {
                coming.Add(new Job { Number = i, Request = r, Target = r.InputTokens, Random = new(serving.Seed, i) });
            }
        }

        long now = 0;
        while (coming.Count + _waiting.Count + _running.Count + _swapped.Count > 0)
        {
            _waiting.AddRange(coming.Where(j => j.Request.ArrivalNanoseconds * 1000 <= now));
            coming.RemoveAll(j => j.Request.ArrivalNanoseconds * 1000 <= now);
            _plan.Clear();
            _swapBlocks = 0;
            if (chunked)
            {
                PlanSarathi();
            }
            else
            {
                PlanVllm();
            }

            long swap = _swapBlocks == 0 ? 0 : (long)Math.Ceiling(_swapBlocks * serving.Limits.BlockTokens * 100 * (1e12 / swapBytesPerSecond)) + swapLatencyPs;
            if (_plan.Count == 0)
            {
                now = coming[0].Request.ArrivalNanoseconds * 1000;
                continue;
            }

            long end = now + swap + cost.Cost(Groups()).Value;
            Log.Add(Line(now, swap, end, Used, Groups()));
            now = end;
            foreach ((Job job, int rows, bool prefill) in _plan)
            {
                Finish(job, rows, prefill, now);
            }

            foreach (Job job in _plan.Select(p => p.Job).Where(j => j.Generated == j.Request.OutputTokens))
            {
                Ended.Add($"{job.Number} {job.First} {now} {job.Hits} {job.Preemptions}");
                Drop(job);
                _running.Remove(job);
            }
        }
    }

    /// <summary>An iteration as text, its prefills one by one.</summary>
    public static string Line(long start, long swap, long end, int used, SequenceGroup[] groups) => $"{start} {swap} {end} {used}: " + string.Join(
        ", ",
        groups.SelectMany(g => g.Phase == Traces.Format.Operators.Phase.Decode
            ? [$"decode {g.Sequences} x {g.NewTokens} at {g.ContextTokens}, {g.Sampled}"]
            : Enumerable.Repeat($"prefill {g.NewTokens} at {g.ContextTokens / g.Sequences}, {g.Sampled / g.Sequences}", g.Sequences)));

    private void PlanVllm()
    {
        while (_swapped.Count == 0 && _waiting.Count > 0 && _running.Count < serving.Limits.MaxSequences)
        {
            Job job = _waiting[0];
            int rows = job.Target - (Known(job).Count * _pieceTokens);
            if ((_plan.Count > 0 && PlannedRows + rows > serving.Limits.MaxBatchedTokens) || !Start(job))
            {
                break;
            }

            _plan.Add((job, rows, true));
        }

        if (_plan.Count == 0 && !Decode())
        {
            SwapIn();
        }
    }

    private void PlanSarathi()
    {
        bool preempted = Decode();
        if (!preempted)
        {
            SwapIn();
        }

        foreach (Job job in _running.Where(j => j.Computed < j.Target))
        {
            Chunk(job);
        }

        while (!preempted
            && _swapped.Count == 0
            && _waiting.Count > 0
            && _running.Count < serving.Limits.MaxSequences
            && PlannedRows < serving.Limits.MaxBatchedTokens)
        {
            Job job = _waiting[0];
            if (!Start(job))
            {
                break;
            }

            Chunk(job);
        }
    }

    private void Chunk(Job job)
    {
        int rows = Math.Min(job.Target - job.Computed, serving.Limits.MaxBatchedTokens - PlannedRows);
        if (rows > 0)
        {
            _plan.Add((job, rows, true));
        }
    }

    private bool Decode()
    {
        bool preempted = false;
        foreach (Job job in _running.Where(j => j.Computed >= j.Target).ToList())
        {
            while (_running.Contains(job) && !TryOwn(job, job.Computed + serving.Rows, 0))
            {
                Preempt(_running[^1]);
                preempted = true;
            }

            if (_running.Contains(job))
            {
                _plan.Add((job, serving.Rows, false));
            }
        }

        return preempted;
    }

    private void SwapIn()
    {
        while (_swapped.Count > 0)
        {
            Job job = _swapped[0];
            int leave = Leave;
            _running.Add(job);
            if (!TryOwn(job, job.Computed < job.Target ? job.Target : job.Computed + serving.Rows, leave))
            {
                _running.Remove(job);
                return;
            }

            _swapped.RemoveAt(0);
            _swapBlocks += job.OnHost;
            if (job.Computed >= job.Target)
            {
                _plan.Add((job, serving.Rows, false));
            }
        }
    }

    private void Preempt(Job job)
    {
        _running.Remove(job);
        job.Preemptions++;
        int blocks = job.Own + (job.Pieces.Count * PieceBlocks);
        Drop(job);
        if (serving.Swaps)
        {
            job.OnHost = blocks;
            _swapBlocks += blocks;
            _swapped.Insert(0, job);
        }
        else
        {
            job.Computed = 0;
            job.Target = job.Request.InputTokens + job.Generated;
            _waiting.Insert(0, job);
        }
    }

    private bool Start(Job job)
    {
        int leave = Leave;
        job.Pieces = Known(job);
        _running.Add(job);
        if (!TryOwn(job, job.Target, leave))
        {
            _running.Remove(job);
            job.Pieces = [];
            return false;
        }

        _idlePieces.RemoveAll(job.Pieces.Contains);
        Evict();
        _waiting.Remove(job);
        job.Computed = job.Pieces.Count * _pieceTokens;
        job.Hits = job.Preemptions == 0 ? job.Computed : job.Hits;
        return true;
    }

    private bool TryOwn(Job job, int tokens, int leave)
    {
        int before = job.Own;
        job.Own = Math.Max(before, BlocksOf(tokens) - (job.Pieces.Count * PieceBlocks));
        if (job.Own > before || leave > 0)
        {
            if (Used + leave > _blocks)
            {
                job.Own = before;
                return false;
            }
        }

        _idlePieces.RemoveAll(job.Pieces.Contains);
        Evict();
        return true;
    }

    private void Evict()
    {
        while (Used + (_idlePieces.Count * PieceBlocks) > _blocks)
        {
            _idlePieces.RemoveAt(0);
        }
    }

    private void Finish(Job job, int rows, bool prefill, long now)
    {
        int yields = 1;
        if (prefill)
        {
            job.Computed += rows;
            if (job.Computed < job.Target)
            {
                return;
            }

            List<string> all = Shareable(job, job.Request.InputTokens);
            foreach (string piece in all.Except(job.Pieces).ToList())
            {
                job.Own -= PieceBlocks;
                job.Pieces.Add(piece);
                _idlePieces.Remove(piece);
            }
        }
        else
        {
            yields = _rule.Commit(ref job.Random, job.Request.OutputTokens - job.Generated);
            job.Computed += yields;
        }

        job.First = job.Generated == 0 ? now : job.First;
        job.Generated += yields;
    }

    private void Drop(Job job)
    {
        _idlePieces.AddRange(Enumerable.Reverse(job.Pieces).Where(p => !_running.Exists(j => j != job && j.Pieces.Contains(p))));
        job.Pieces = [];
        job.Own = 0;
    }

    private List<string> Shareable(Job job, int tokens) =>
        _pieceTokens == 0 || _rule.KeptTokens(job.Request.InputTokens) != job.Request.InputTokens
            ? []
            : [.. Enumerable.Range(1, job.Request.PrefixBlocks.Length).Where(n => n * _pieceTokens <= tokens && n * _pieceTokens <= job.Request.InputTokens).Select(n => string.Join(',', job.Request.PrefixBlocks.Take(n)))];

    private List<string> Known(Job job) =>
        [.. Shareable(job, job.Target - 1).TakeWhile(p => _idlePieces.Contains(p) || _running.Exists(j => j.Pieces.Contains(p)))];

    private int BlocksOf(long tokens) => (int)Math.Ceiling(_rule.KeptTokens(tokens) / (double)serving.Limits.BlockTokens);

    private SequenceGroup[] Groups()
    {
        List<SequenceGroup> groups = [];
        List<Job> decodes = [.. _plan.Where(p => !p.Prefill).Select(p => p.Job)];
        if (decodes.Count > 0)
        {
            groups.Add(new(Traces.Format.Operators.Phase.Decode, decodes.Count, serving.Rows, decodes.Sum(j => _rule.KeptTokens(j.Computed + serving.Rows)), decodes.Count));
        }

        groups.AddRange(_plan.Where(p => p.Prefill).Select(p => new SequenceGroup(
            Traces.Format.Operators.Phase.Prefill, 1, p.Rows, _rule.KeptTokens(p.Job.Computed + p.Rows), p.Job.Computed + p.Rows == p.Job.Target ? 1 : 0)));
        return [.. groups];
    }

    private sealed class Job
    {
        public DecodeRandom Random;

        public required int Number { get; init; }

        public required Request Request { get; init; }

        public int Target { get; set; }

        public int Computed { get; set; }

        public int Generated { get; set; }

        public int Own { get; set; }

        public int OnHost { get; set; }

        public int Hits { get; set; }

        public int Preemptions { get; set; }

        public long First { get; set; }

        public List<string> Pieces { get; set; } = [];
    }
}
