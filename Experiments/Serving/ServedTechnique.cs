using PimSim.Simulator.Serving;
using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Experiments.Serving;

/// <summary>
/// A technique under load. Its program itself is run on shapes: what it does between one commitment of tokens and the next, for so many sequences and
/// so long a context, is the decode part of an iteration; how many tokens it commits then, and how many keys and values it keeps, are the rule that the scheduler
/// goes by. Prompts are read as plain decoding reads them. Not thread-safe.
/// </summary>
public sealed class ServedTechnique : IDecodeRule
{
    /// <summary>Contexts are rounded up to a multiple of this many tokens, so that rounds are met again.</summary>
    public const int ContextGrain = 64;

    private const int ProbeTokens = 257;
    private const int KeptRounds = 1 << 16;

    private readonly ITechnique _program;
    private readonly TechniqueSettings _settings;
    private readonly ModelShape _model;
    private readonly int[] _yields;
    private readonly long[] _kept = new long[32];
    private readonly double _heldPerPlain;
    private readonly Dictionary<(int Sequences, int Context), Step[]> _rounds = [];

    /// <summary>Runs the technique once to see what its rounds are like.</summary>
    /// <exception cref="PimSimUserException">It does not run this model, or does not read a prompt and then generate token after token.</exception>
    public ServedTechnique(TechniqueEntry technique, TechniqueSettings settings, ModelShape model)
    {
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(model);
        Name = technique.Name;
        _program = technique.Program;
        _settings = settings;
        if (_program.ModelFamily != ITechnique.DecoderFamily)
        {
            throw new PimSimUserException($"technique '{Name}' runs models of the family '{_program.ModelFamily}', and serving runs decoders");
        }

        // Room behind the longest sequence for what a round tries and forgets.
        _model = model with { MaxPositions = checked(model.MaxPositions + (1 << 16)) };
        (List<Step[]> rounds, EngineSession<ShapeTensor> session) = Probe(1, ContextGrain, ProbeTokens);
        if (rounds.Count < 2 || rounds[0][^1].CommittedTokens != 1)
        {
            throw new PimSimUserException($"technique '{Name}' does not read a prompt and then generate token after token, so that requests cannot join and leave its batch");
        }

        _yields = [.. rounds.Skip(1).Select(round => round[^1].CommittedTokens)];
        NewTokens = _yields.Max();
        bool keepsItself = _program.ReservedContext(Request(1, ContextGrain, 2)) == 0;
        ExtraParameters = keepsItself ? session.Footprint().Parameters - _model.Footprint(1, 1).Parameters : 0;
        _heldPerPlain = keepsItself ? Held(1 << 12) / (double)(1 << 12) : 1;
    }

    /// <summary>Name of the technique.</summary>
    public string Name { get; }

    /// <summary>Numbers in weights beside those of the model.</summary>
    public long ExtraParameters { get; }

    /// <summary>How much more memory a token of a long context takes than with plain decoding, if it takes more; 1 otherwise.</summary>
    public double MemoryFactor => Math.Max(1, _heldPerPlain);

    /// <inheritdoc/>
    public int NewTokens { get; }

    /// <inheritdoc/>
    public int Commit(ref DecodeRandom random, int remaining) => Math.Min(remaining, _yields[(int)(random.NextUnit() * _yields.Length)]);

    /// <inheritdoc/>
    public long KeptTokens(long contextTokens)
    {
        if (contextTokens < 2 || _heldPerPlain >= 1)
        {
            return contextTokens;
        }

        int power = System.Numerics.BitOperations.Log2((ulong)contextTokens);
        (long low, long high) = (KeptAt(power), KeptAt(power + 1));
        return low + (long)((high - low) * ((contextTokens / (double)(1L << power)) - 1));
    }

    /// <summary>The steps of a round.</summary>
    /// <param name="sequences">Sequences that take part.</param>
    /// <param name="contextTokens">Tokens of one of them: the mean.</param>
    public IReadOnlyList<Step> Round(int sequences, long contextTokens)
    {
        int context = checked((int)((contextTokens + ContextGrain - 1) / ContextGrain * ContextGrain));
        if (!_rounds.TryGetValue((sequences, context), out Step[]? round))
        {
            if (_rounds.Count == KeptRounds)
            {
                _rounds.Clear();
            }

            round = Probe(sequences, context, NewTokens + 1).Rounds[1];
            _rounds.Add((sequences, context), round);
        }

        return round;
    }

    private GenerationRequest Request(int sequences, int context, int tokens) => new(context, tokens, sequences) { Settings = _settings };

    /// <summary>Steps by the commitments that end them; only as many as are asked for are run.</summary>
    private (List<Step[]> Rounds, EngineSession<ShapeTensor> Session) Probe(int sequences, int context, int tokens)
    {
        GenerationRequest request = Request(sequences, context, tokens);
        EngineSession<ShapeTensor> session = new(new ShapeBackend(_model), sequences, Math.Max(1, _program.ReservedContext(request)));
        List<Step[]> rounds = [];
        List<Step> current = [];
        foreach (Step step in _program.Run(session, request, new int[checked(context * sequences)]))
        {
            current.Add(step);
            if (step.CommittedTokens > 0)
            {
                rounds.Add([.. current]);
                current.Clear();
            }

            if (tokens < ProbeTokens && rounds.Count == 2)
            {
                break;
            }
        }

        return (rounds, session);
    }

    /// <summary>Tokens of plain decoding whose keys and values take as much as what is held at so long a context.</summary>
    private double Held(int context)
    {
        EngineSession<ShapeTensor> session = Probe(1, context, 2).Session;
        return session.HeldKvBytes / (double)_model.Footprint(1, 1).KvBytes;
    }

    private long KeptAt(int power)
    {
        if (_kept[power] == 0)
        {
            long most = 1L << power;
            long kept = power < 18 ? (long)Math.Ceiling(Held((int)most)) : (long)(most * _heldPerPlain);
            _kept[power] = Math.Clamp(kept, power > 0 ? KeptAt(power - 1) : 1, most);
        }

        return _kept[power];
    }
}
