using PimSim.Traces.Engine;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Networks;
using PimSim.Traces.Engine.Recording;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Workloads.Techniques.KvCache;

/// <summary>
/// MergeQuant (Wang et al., arXiv 2503.07654): weights and activations in 4 bits. With static steps of each channel, folded into the normalisation and
/// into the weights behind it, a normalisation ends in integers and no kernel stands between it and the product. Dynamic quantisation, what it is
/// compared with, looks for the largest number of each token, divides by it, and multiplies the product with it. What does not come from a normalisation
/// (inputs of the output and down projections) is dynamic in both. Settings: <c>static</c> 1 or 0; <c>bits</c> 4 or 8; <c>copies</c> as of
/// <see cref="FullKv"/>. On data the steps are those of the prompt; without compensation of errors.
/// </summary>
public sealed class MergeQuant : ITechnique
{
    /// <inheritdoc/>
    public string Name => "merge-quant";

    /// <inheritdoc/>
    public IEnumerable<Step> Run<TTensor>(EngineSession<TTensor> session, GenerationRequest request, ReadOnlyMemory<int> prompt)
        where TTensor : ITensor
    {
        Quantised<TTensor> model = new(session, request);
        return LayeredDecoding.Run(session, request, prompt, model.Block);
    }

    private sealed class Quantised<TTensor>
        where TTensor : ITensor
    {
        private readonly INetworkBackend<Recorded<TTensor>> _net;
        private readonly Decoder<Recorded<TTensor>> _decoder;
        private readonly ModelShape _shape;
        private readonly int _sequences;
        private readonly bool _isStatic;
        private readonly bool _copies;
        private readonly DataType _type;
        private readonly KeyValues[] _caches;
        private readonly Rotary? _rotary;
        private readonly Layer[] _layers;

        public Quantised(EngineSession<TTensor> session, GenerationRequest request)
        {
            TechniqueSettings settings = request.Settings;
            _net = session.Network;
            _decoder = session.Decoder;
            _shape = _decoder.Shape;
            if (_shape.ParallelResidual)
            {
                throw new PimSimUserException($"MergeQuant is for blocks of attention and then a feed-forward network; those of {_shape.Name} run side by side");
            }

            _sequences = request.Sequences;
            _isStatic = settings.Integer("static", 0, 1) == 1;
            _copies = settings.Integer("copies", 0, 1) == 1;
            _type = settings.Integer("bits", 4, 8) switch
            {
                4 => DataType.Int4,
                8 => DataType.Int8,
                _ => throw new PimSimUserException("setting 'bits' of MergeQuant: 4 or 8 are computed in"),
            };
            _caches = LayeredDecoding.CreateCaches(session, request.Sequences, LayeredDecoding.Capacity(request));
            _rotary = Rotary.Of(_shape, _decoder.Weights.Numerics);
            _layers = [.. _decoder.Weights.Layers.Select(weights => new Layer(
                new Product(weights.AttentionNorm, weights.Qkv),
                new Product(null, weights.Output),
                new Product(weights.FfnNorm, weights.Up),
                new Product(null, weights.Down)))];
        }

        public Recorded<TTensor> Block(int number, Recorded<TTensor> x, int[] positions)
        {
            _net.BeginBlock();
            Layer layer = _layers[number];
            KeyValues cache = _caches[number];
            Recorded<TTensor> qkv = Apply(layer.Qkv, x);
            if (_rotary is not null)
            {
                qkv = _net.Rope(qkv, _shape.Heads, _shape.KvHeads, _rotary, positions);
            }

            bool copied = _copies && cache.Length > 0;
            _decoder.Append(qkv, cache);
            if (copied)
            {
                _net.Pass(cache.Length * _sequences, 2 * _shape.KvWidth, _shape.KvType, OperatorRole.KvAppend);
            }

            x = _net.Add(x, Apply(layer.Output, _net.Attend(qkv, _shape.Heads, cache, AttentionPattern.Causal)), OperatorRole.Residual);
            Recorded<TTensor> up = _net.Activate(Apply(layer.Up, x), _shape.Activation, OperatorRole.FfnActivation);
            return _net.Add(x, Apply(layer.Down, up), OperatorRole.Residual);
        }

        /// <summary>Normalisation, where there is one, and product.</summary>
        private Recorded<TTensor> Apply(Product product, Recorded<TTensor> x)
        {
            Recorded<TTensor> result;
            if (product.Norm is { } norm && _isStatic)
            {
                float[] steps = product.Steps ??= _net.HasData ? Steps(x, norm) : [];
                product.Integers ??= IntegerProducts.Quantise(product.Linear, _type, steps);
                product.Folded ??= IntegerProducts.Fold(norm, steps);
                result = _net.LinearIntegers(_net.Round(_net.Norm(x, product.Folded), _type), product.Integers);
            }
            else
            {
                x = product.Norm is null ? x : _net.Norm(x, product.Norm);
                product.Integers ??= IntegerProducts.Quantise(product.Linear, _type);
                float[] scales = Scales(x);
                _net.Pass(x.Rows, x.Columns, _net.ActivationType, OperatorRole.Quant);
                Recorded<TTensor> integers = _net.Round(_net.Mix(x, [.. scales.Select(scale => 1 / scale)], 1, OperatorRole.Quant), _type);
                result = _net.Mix(_net.LinearIntegers(integers, product.Integers), scales, 1, OperatorRole.Dequant);
            }

            return product.Linear.HasBias ? _net.Add(result, Bias(product.Linear, result.Rows), product.Linear.Role) : result;
        }

        private Recorded<TTensor> Bias(LinearLayer layer, int rows) =>
            _net.Input(rows, layer.Outputs, layer.Bias is { } bias ? [.. Enumerable.Repeat(bias, rows).SelectMany(row => row)] : []);

        /// <summary>The step of each channel over these rows: the largest becomes the largest integer.</summary>
        private float[] Steps(Recorded<TTensor> x, NormLayer norm)
        {
            float[] most = new float[norm.Width];
            Array.Fill(most, 1e-6f);
            for (int row = 0; row < x.Rows; row++)
            {
                float[] normalised = Normalised(_net.Row(x, row), norm);
                for (int channel = 0; channel < most.Length; channel++)
                {
                    most[channel] = Math.Max(most[channel], Math.Abs(normalised[channel]));
                }
            }

            return [.. most.Select(value => value / IntegerProducts.Largest(_type))];
        }

        private static float[] Normalised(ReadOnlySpan<float> row, NormLayer norm)
        {
            float[] values = row.ToArray();
            float mean = norm.Kind == NormKind.LayerNorm ? values.Average() : 0;
            double scale = 1 / Math.Sqrt(values.Average(value => (value - mean) * (double)(value - mean)) + norm.Epsilon);
            return [.. values.Select((value, channel) => (float)((value - mean) * scale * norm.Scale[channel]) + (norm.Shift.Length > 0 ? norm.Shift[channel] : 0))];
        }

        private float[] Scales(Recorded<TTensor> x)
        {
            float[] scales = new float[x.Rows];
            for (int row = 0; row < scales.Length; row++)
            {
                float most = 0;
                foreach (float value in _net.HasData ? _net.Row(x, row) : [])
                {
                    most = Math.Max(most, Math.Abs(value));
                }

                scales[row] = most > 0 ? most / IntegerProducts.Largest(_type) : 1;
            }

            return scales;
        }

        private sealed record Layer(Product Qkv, Product Output, Product Up, Product Down);

        /// <summary>A product and the normalisation before it, and what quantisation made of both.</summary>
        private sealed record Product(NormLayer? Norm, LinearLayer Linear)
        {
            public float[]? Steps { get; set; }

            public IntegerLayer? Integers { get; set; }

            public NormLayer? Folded { get; set; }
        }
    }
}
