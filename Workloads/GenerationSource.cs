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
/// generation: prompt + generated - 1 tokens per sequence, because the last token is never read back).
/// </summary>
public sealed class GenerationSource : IStepSource
{
    private readonly ModelShape _model;
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
        _model = model;
        _technique = technique;
        _request = request;

        // Throws before the prompt is allocated if the model has too few positions.
        Footprint = model.Footprint(NewSession().Cache.Capacity, request.Sequences);

        long promptTokens = (long)request.PromptTokens * request.Sequences;
        if (promptTokens > Array.MaxLength)
        {
            throw new PimSimUserException($"{request.Sequences} prompts of {request.PromptTokens} tokens are more than PimSim runs at once; {Array.MaxLength} tokens are the most");
        }

        _prompt = new int[promptTokens];
    }

    /// <inheritdoc/>
    public ModelFootprint Footprint { get; }

    /// <inheritdoc/>
    public IEnumerable<Step> Steps()
    {
        // An iterator, so that whoever enumerates the result twice gets a fresh session each time.
        foreach (Step step in _technique.Run(NewSession(), _request, _prompt))
        {
            yield return step;
        }
    }

    private EngineSession<ShapeTensor> NewSession() =>
        new(new ShapeBackend(_model), _request.Sequences, _technique.ReservedContext(_request));
}
