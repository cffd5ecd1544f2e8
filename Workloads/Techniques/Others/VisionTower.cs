using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.Others;

/// <summary>
/// What reads an image for a language model (LLaVA-1.5): patches and a class token through the layers of a CLIP vision transformer, then two products
/// from its width to the model's; the class token is dropped. There are no pixels: the patches hold a pattern. Settings: <c>visionLayers</c> that
/// run, <c>visionWidth</c>, <c>visionHeads</c>, <c>visionFfn</c>, <c>patchNumbers</c> of a patch.
/// </summary>
/// <typeparam name="TTensor">The tensor of the session.</typeparam>
public sealed class VisionTower<TTensor>
    where TTensor : ITensor
{
    private readonly INetworkBackend<Recorded<TTensor>> _net;
    private readonly int _images;
    private readonly int _rows;
    private readonly int _heads;
    private readonly LinearLayer _patches;
    private readonly WeightTensor _places;
    private readonly NormLayer _norm;
    private readonly (NormLayer AttentionNorm, LinearLayer Qkv, LinearLayer Output, NormLayer FfnNorm, LinearLayer Up, LinearLayer Down)[] _layers;
    private readonly LinearLayer[] _projector;
    private readonly KeyValues _keys;

    /// <summary>Declares the weights.</summary>
    /// <param name="session">A fresh session of a decoder.</param>
    /// <param name="settings">Sizes.</param>
    /// <param name="images">One for each sequence.</param>
    /// <param name="tokens">Patches of an image: tokens of the model.</param>
    public VisionTower(EngineSession<TTensor> session, TechniqueSettings settings, int images, int tokens)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(settings);
        ParameterSet parameters = session.Parameters;
        _net = session.Network;
        _images = images;
        _rows = tokens + 1;
        int width = settings.Integer("visionWidth", 1);
        _heads = settings.Integer("visionHeads", 1, width);
        int ffn = settings.Integer("visionFfn", 1);
        int hidden = session.Decoder.Shape.Hidden;
        LinearLayer Linear(int inputs, int outputs, bool bias = true) => parameters.Linear(OperatorRole.Codec, inputs, outputs, bias);
        NormLayer Norm() => parameters.Norm(OperatorRole.Codec, width, NormKind.LayerNorm);
        _patches = Linear(settings.Integer("patchNumbers", 1), width, bias: false);
        _places = parameters.Table(_rows, width);
        _norm = Norm();
        _layers = [.. Enumerable.Range(0, settings.Integer("visionLayers")).Select(_ =>
            (Norm(), Linear(width, 3 * width), Linear(width, width), Norm(), Linear(width, ffn), Linear(ffn, width)))];
        _projector = [Linear(width, hidden), Linear(hidden, hidden)];
        _keys = _net.CreateKeyValues(new KeyValueShape(_heads, width / _heads, _net.ActivationType), images, _rows);
    }

    /// <summary>Tokens of all images in the width of the model.</summary>
    public Recorded<TTensor> Read()
    {
        int inputs = _patches.Inputs;
        float[] pattern = _net.HasData ? [.. Enumerable.Range(0, _images * _rows * inputs).Select(index => (index * 31 % 17 / 17f) - 0.5f)] : [];
        _net.BeginBlock();
        Recorded<TTensor> x = _net.Linear(_net.Input(_images * _rows, inputs, pattern), _patches);
        int[] places = [.. Enumerable.Range(0, _images * _rows).Select(row => row % _rows)];
        x = _net.Norm(_net.Add(x, _net.Embed(_places, places, OperatorRole.Codec), OperatorRole.Codec), _norm);
        foreach ((NormLayer attentionNorm, LinearLayer qkv, LinearLayer output, NormLayer ffnNorm, LinearLayer up, LinearLayer down) in _layers)
        {
            _net.BeginBlock();
            int width = output.Outputs;
            Recorded<TTensor> projected = _net.Linear(_net.Norm(x, attentionNorm), qkv);
            _keys.Truncate(0);
            _net.Append(_net.Columns(projected, width, 2 * width), _keys);
            x = _net.Add(x, _net.Linear(_net.Attend(projected, _heads, _keys, AttentionPattern.All), output), OperatorRole.Residual);
            Recorded<TTensor> inner = _net.Activate(_net.Linear(_net.Norm(x, ffnNorm), up), ActivationKind.Gelu, OperatorRole.FfnActivation);
            x = _net.Add(x, _net.Linear(inner, down), OperatorRole.Residual);
        }

        _net.BeginBlock();
        int[] patches = [.. places.Select((place, row) => (place, row)).Where(item => item.place > 0).Select(item => item.row)];
        x = _net.Rows(x, patches, OperatorRole.Codec);
        x = _net.Activate(_net.Linear(x, _projector[0]), ActivationKind.Gelu, OperatorRole.Codec);
        return _net.Linear(x, _projector[1]);
    }
}
