using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques.Parallel;

namespace PimSim.Workloads.Techniques.Speculative;

/// <summary>
/// Continuous tokens by a masked autoencoder and a diffusion head (MAR, Li et al., arXiv 2406.11838), and with a smaller one that drafts (Continuous
/// Speculative Decoding, Wang et al., arXiv 2411.11925): the model makes the first tokens, the draft network all others, and after every <c>draft</c>
/// of them the model looks at them in one pass with the same noise and resamples in place what it rejects. Nothing is rolled back, so that the number
/// of passes does not depend on how much is accepted. Settings: <c>draft</c> tokens between checks, 0 for the model alone; <c>prefill</c> share of
/// tokens that the model makes; <c>draftLayers</c>, <c>draftHidden</c>, <c>draftHeads</c>, <c>draftDenoiserLayers</c> and
/// <c>draftDenoiserHidden</c>; <c>diffusionSteps</c>; <c>guidance</c> scale, 0 for none; <c>accepted</c> share of drafts, where there is no data;
/// <c>codec</c> 1 to make pixels in the end, 2 to reserve memory for it alone. A prompt is one class for each image. Tokens are made in a fixed order that strides over the image.
/// </summary>
public sealed class ContinuousSpeculation : ITechnique
{
    /// <summary>Name of the decision: drafts of a check that stand.</summary>
    public const string AcceptedDecision = "accepted";

    /// <summary>Name of the decision: places that became final, in a step of drafts or of the model.</summary>
    public const string PlacesDecision = "places";

    /// <inheritdoc/>
    public string Name => "continuous-speculation";

    /// <inheritdoc/>
    public string ModelFamily => "mar";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        NetworkShape shape = session.Shape ?? throw new PimSimUserException("continuous-speculation runs models of the family 'mar'");
        TechniqueSettings settings = request.Settings;
        int tokens = shape["tokens"];
        if (request.GeneratedTokens != tokens)
        {
            throw new PimSimUserException($"{shape.Name} makes {tokens} tokens at a time, not {request.GeneratedTokens}");
        }

        int between = settings.Integer("draft");
        double accepted = settings.Number("accepted", 0, 1);
        int alone = between == 0 ? tokens : (int)Math.Round(settings.Number("prefill", 0, 1) * tokens);
        MarSizes sizes = new(shape["layers"], shape["hidden"], shape["heads"], shape["denoiserLayers"], shape["denoiserHidden"]);
        MarNetwork<TTensor> model = new(session, request, sizes);
        MarNetwork<TTensor>? draft = between == 0 ? null : new(session, request, new MarSizes(
            settings.Integer("draftLayers", 1),
            settings.Integer("draftHidden", 1),
            settings.Integer("draftHeads", 1),
            settings.Integer("draftDenoiserLayers", 1),
            settings.Integer("draftDenoiserHidden", 1)));
        var codec = PixelDecoder<TTensor>.Declare(session, shape, request, tokens);
        int images = request.Sequences;
        int[] order = Order(tokens);
        float[] image = session.HasData ? new float[images * tokens * shape["channels"]] : [];
        int checkedUntil = alone;
        for (int made = 0; made < tokens; made++)
        {
            bool drafts = made >= alone;
            session.Begin(drafts ? Phase.Draft : Phase.Decode);
            float[] latent = (drafts ? draft! : model).Make(prompt.Span, image, order, made, 1);
            Put(session, image, latent, order.AsSpan(made, 1), tokens);
            session.Decide(PlacesDecision, order[made]);
            yield return session.Commit(drafts ? 0 : images);
            if (!drafts || (made + 1 - checkedUntil < between && made + 1 < tokens))
            {
                continue;
            }

            int count = made + 1 - checkedUntil;
            session.Begin(Phase.Verify);
            float[] judged = model.Make(prompt.Span, image, order, checkedUntil, count);
            int[] places = order[checkedUntil..(made + 1)];
            session.Decide(
                AcceptedDecision,
                () => Resample(session, image, judged, places, tokens),
                draws => draws.Mean(AcceptedDecision, accepted * count, 0, count));
            session.Network.BeginBlock();
            session.Network.Softmax(session.Network.Input(images * count, shape["channels"], session.HasData ? judged : []), OperatorRole.Sample);
            yield return session.Commit(count * images);
            checkedUntil = made + 1;
        }

        if (codec is not null)
        {
            yield return codec.Decode(images, tokens);
        }
    }

    /// <summary>All places, each once: every so many, then those beside them.</summary>
    private static int[] Order(int tokens)
    {
        int stride = (int)Math.Ceiling(Math.Sqrt(tokens));
        return [.. Enumerable.Range(0, tokens).OrderBy(place => place % stride).ThenBy(place => place)];
    }

    private static void Put<TTensor>(EngineSession<TTensor> session, float[] image, float[] latent, ReadOnlySpan<int> places, int tokens)
        where TTensor : ITensor
    {
        if (!session.HasData)
        {
            return;
        }

        int channels = session.Shape!["channels"];
        int images = image.Length / (tokens * channels);
        for (int row = 0; row < images * places.Length; row++)
        {
            (int number, int place) = Math.DivRem(row, places.Length);
            latent.AsSpan(row * channels, channels).CopyTo(image.AsSpan(((number * tokens) + places[place]) * channels));
        }
    }

    /// <summary>
    /// Accepts a draft with the ratio of the two Gaussian densities around what each network made, at unit width; else the model's own stands there.
    /// Returns how many of the first image stand.
    /// </summary>
    private static int Resample<TTensor>(EngineSession<TTensor> session, float[] image, float[] judged, int[] places, int tokens)
        where TTensor : ITensor
    {
        int channels = session.Shape!["channels"];
        int images = image.Length / (tokens * channels);
        int accepted = 0;
        for (int row = 0; row < images * places.Length; row++)
        {
            (int number, int place) = Math.DivRem(row, places.Length);
            Span<float> drafted = image.AsSpan(((number * tokens) + places[place]) * channels, channels);
            ReadOnlySpan<float> own = judged.AsSpan(row * channels, channels);
            double distance = 0;
            for (int channel = 0; channel < channels; channel++)
            {
                distance += (drafted[channel] - own[channel]) * (drafted[channel] - own[channel]);
            }

            if (session.Draws.Uniform(AcceptedDecision) < Math.Exp(-distance / 2))
            {
                accepted += number == 0 ? 1 : 0;
            }
            else
            {
                own.CopyTo(drafted);
            }
        }

        return accepted;
    }
}
