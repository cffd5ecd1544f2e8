using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads;

/// <summary>
/// The steps of a model, a technique and a request, made on the Shape backend while they are consumed. The footprint
/// reserves exactly the longest context that the technique reaches (<see cref="ITechnique.ReservedContext"/>; for plain
/// generation: prompt + generated - 1 tokens per sequence, because the last token is never read back). An encoder-decoder reads
/// the prompt as its input and generates from one start token.
/// </summary>
public sealed class GenerationSource : IStepSource
{
    private readonly Func<EngineSession<ShapeTensor>> _newSession;
    private readonly ITechnique _technique;
    private readonly GenerationRequest _request;
    private readonly int[] _prompt;

    /// <summary>Checks that the model can do it.</summary>
    /// <exception cref="PimSimUserException">The context is longer than the model's positions, the prompt has 2^31 tokens, or the technique runs other models.</exception>
    public GenerationSource(ModelShape model, ITechnique technique, GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        RequireFamily(technique, model.Name, ITechnique.DecoderFamily);
        int context = technique.ReservedContext(request);
        _newSession = () => new(new ShapeBackend(model), request.Sequences, context, seed: request.Seed);
        _technique = technique;
        _request = request;
        if (context > 0)
        {
            // Throws before the prompt is allocated if the model has too few positions.
            Footprint = model.Footprint(_newSession().Cache.Capacity, request.Sequences);
            PeakKvBytes = Footprint.KvBytes;
            _prompt = Prompt(request);
            return;
        }

        _prompt = Prompt(request);
        Footprint = DryRun();
    }

    /// <summary>Checks that the technique can build the model and do it.</summary>
    /// <exception cref="PimSimUserException">The technique runs other models, or a size of the model or the request is wrong.</exception>
    public GenerationSource(NetworkShape model, ITechnique technique, GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        RequireFamily(technique, model.Name, model.Family);
        _newSession = () => new(new ShapeNetwork(model.ActivationType), model, seed: request.Seed);
        _technique = technique;
        _request = request;
        _prompt = Prompt(request);
        Footprint = DryRun();
    }

    /// <summary>Checks that the encoder-decoder can do it.</summary>
    /// <exception cref="PimSimUserException">Prompt or output are longer than the model's positions, or the prompt has 2^31 tokens.</exception>
    public GenerationSource(EncoderDecoderShape model, ITechnique technique, GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        RequireFamily(technique, model.Name, ITechnique.DecoderFamily);
        GenerationRequest output = new(1, request.GeneratedTokens, request.Sequences);
        _newSession = () => new(new ShapeEncoderDecoderBackend(model), request.Sequences, request.PromptTokens, technique.ReservedContext(output));
        _technique = technique;
        _request = request;
        Footprint = model.Footprint(request.PromptTokens, _newSession().Cache.Capacity, request.Sequences);
        PeakKvBytes = Footprint.KvBytes;
        _prompt = Prompt(request);
    }

    /// <inheritdoc/>
    public ModelFootprint Footprint { get; }

    /// <summary>Bytes of keys and values that were held at most, each cache at its own peak; those reserved where the technique has none of its own.</summary>
    public long PeakKvBytes { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<Step> Steps()
    {
        // An iterator, so that whoever enumerates the result twice gets a fresh session each time.
        foreach (Step step in _technique.Run(_newSession(), _request, _prompt))
        {
            yield return step;
        }
    }

    /// <summary>What a run declares and reserves is known when it is over. Without data a run takes milliseconds.</summary>
    private ModelFootprint DryRun()
    {
        EngineSession<ShapeTensor> session = _newSession();
        foreach (Step step in _technique.Run(session, _request, _prompt))
        {
            _ = step;
        }

        PeakKvBytes = session.PeakKvBytes;
        return session.Footprint();
    }

    private static void RequireFamily(ITechnique technique, string model, string family)
    {
        if (technique.ModelFamily != family)
        {
            throw new PimSimUserException($"technique '{technique.Name}' runs models of the family '{technique.ModelFamily}', and '{model}' is of '{family}'");
        }
    }

    private static int[] Prompt(GenerationRequest request)
    {
        long promptTokens = (long)request.PromptTokens * request.Sequences;
        if (promptTokens > Array.MaxLength)
        {
            throw new PimSimUserException($"{request.Sequences} prompts of {request.PromptTokens} tokens are more than PimSim runs at once; {Array.MaxLength} tokens are the most");
        }

        return new int[promptTokens];
    }
}
