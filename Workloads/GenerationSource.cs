using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
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
    /// <exception cref="PimSimUserException">The context is longer than the model's positions, or the prompt has 2^31 tokens.</exception>
    public GenerationSource(ModelShape model, ITechnique technique, GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        _newSession = () => new(new ShapeBackend(model), request.Sequences, technique.ReservedContext(request));
        _technique = technique;
        _request = request;

        // Throws before the prompt is allocated if the model has too few positions.
        Footprint = model.Footprint(_newSession().Cache.Capacity, request.Sequences);
        _prompt = Prompt(request);
    }

    /// <summary>Checks that the encoder-decoder can do it.</summary>
    /// <exception cref="PimSimUserException">Prompt or output are longer than the model's positions, or the prompt has 2^31 tokens.</exception>
    public GenerationSource(EncoderDecoderShape model, ITechnique technique, GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(technique);
        ArgumentNullException.ThrowIfNull(request);
        GenerationRequest output = new(1, request.GeneratedTokens, request.Sequences);
        _newSession = () => new(new ShapeEncoderDecoderBackend(model), request.Sequences, request.PromptTokens, technique.ReservedContext(output));
        _technique = technique;
        _request = request;
        Footprint = model.Footprint(request.PromptTokens, _newSession().Cache.Capacity, request.Sequences);
        _prompt = Prompt(request);
    }

    /// <inheritdoc/>
    public ModelFootprint Footprint { get; }

    /// <inheritdoc/>
    public IEnumerable<Step> Steps()
    {
        // An iterator, so that whoever enumerates the result twice gets a fresh session each time.
        foreach (Step step in _technique.Run(_newSession(), _request, _prompt))
        {
            yield return step;
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
