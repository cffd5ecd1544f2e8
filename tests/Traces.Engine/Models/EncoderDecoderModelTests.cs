using CsCheck;
using PimSim.Traces.Engine.Backends;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Tests.Reference;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Models;

/// <summary>Recorded operators of encoder-decoders: against closed forms of the model, and the same whatever computes them.</summary>
public class EncoderDecoderModelTests
{
    [Fact]
    public void Cpu_and_shape_record_the_same_operators() => RandomEncoderDecoder.Any.Sample(
        model =>
        {
            using IEncoderDecoderWeights weights = RandomEncoderDecoderWeights.Create(model.Shape, model.Numerics, model.Seed);
            using CpuEncoderDecoderBackend cpu = new(weights, 1);
            Step[] computed = Run(cpu, model);
            Step[] shapes = Run(new ShapeEncoderDecoderBackend(cpu.Shape), model);
            Assert.Equal(shapes.Select(step => step with { Decisions = [] }), computed.Select(step => step with { Decisions = [] }));
            Assert.All(shapes, step => Assert.Empty(step.Decisions));
            Assert.All(computed[1..], step => Assert.Single(step.Decisions));
        },
        iter: 60);

    [Fact]
    public void Encoding_and_one_forward_read_every_weight_once() => RandomEncoderDecoder.Any.Sample(model =>
    {
        // Whole bytes, so that sums of rounded sizes are sizes of sums.
        EncoderDecoderShape shape = model.Shape with { WeightType = DataType.Fp16 };
        Step[] steps = Run(new ShapeEncoderDecoderBackend(shape), model)[..2];
        long rows = model.Inputs.Length * (model.Inputs[0].Length + (long)model.Outputs[0].Length);
        bool learned = shape.Position == EncoderDecoderPosition.Learned;
        long table = (long)shape.Vocab * shape.Hidden;
        long parameters = shape.Footprint(1, 1, 1).Parameters;

        // A table of position vectors is read row by row; one of position biases by every layer of its stack.
        long positions = learned ? 2L * shape.MaxPositions * shape.Hidden : 2L * shape.Buckets.Count * shape.Heads;
        long positionsRead = learned ? rows * shape.Hidden : (long)(shape.EncoderLayers + shape.DecoderLayers) * shape.Buckets.Count * shape.Heads;
        long read = parameters - positions + positionsRead - (shape.Tied ? 0 : table) + (rows * shape.Hidden);
        Assert.Equal(2 * read, steps.Sum(step => step.Cost().WeightBytes));
    });

    [Fact]
    public void Attention_looks_at_what_the_architecture_says() => RandomEncoderDecoder.Any.Sample(model =>
    {
        EncoderDecoderShape shape = model.Shape with { KvType = DataType.Int8, ActivationType = DataType.Fp32 };
        Step[] steps = Run(new ShapeEncoderDecoderBackend(shape), model)[..2];
        (long sequences, long input, long output) = (model.Inputs.Length, model.Inputs[0].Length, model.Outputs[0].Length);
        int biases = shape.Position == EncoderDecoderPosition.RelativeBuckets ? 1 : 0;
        long encoder = sequences * input * input * shape.Heads * ((4L * shape.HeadDim) + 5 + biases) * shape.EncoderLayers;
        long self = sequences * (output * (output + 1) / 2) * shape.Heads * ((4L * shape.HeadDim) + 5 + biases) * shape.DecoderLayers;
        long cross = sequences * output * input * shape.Heads * ((4L * shape.HeadDim) + 5) * shape.DecoderLayers;
        Assert.Equal(encoder, Flops(steps[0]));
        Assert.Equal(self + cross, Flops(steps[1]));

        // Bytes of keys and values: the encoder's are activations, the decoder's and the input's are kept.
        long perToken = 2L * shape.Heads * shape.HeadDim * sequences;
        Assert.Equal(4 * perToken * input * shape.EncoderLayers, steps[0].Cost().KvReadBytes);
        Assert.Equal(perToken * input * shape.DecoderLayers, steps[0].Cost().KvWriteBytes);
        Assert.Equal(perToken * (input + output) * shape.DecoderLayers, steps[1].Cost().KvReadBytes);
        Assert.Equal(perToken * output * shape.DecoderLayers, steps[1].Cost().KvWriteBytes);

        static long Flops(Step step) => Flatten(step).Where(op => op.Kind == OperatorKind.Attention).Sum(op => OperatorCost.Of(op).Flops);
    });

    [Fact]
    public void The_operators_come_in_the_order_of_the_architecture()
    {
        EngineSession<ShapeTensor> session = new(new ShapeEncoderDecoderBackend(RandomEncoderDecoder.T5), 2, 8, 8);
        session.Encode(new int[10]);
        Step encoded = session.Commit(0);
        OperatorRole[] feedForward = [OperatorRole.FfnNorm, OperatorRole.FfnUp, OperatorRole.FfnActivation, OperatorRole.FfnDown, OperatorRole.Residual];
        Assert.Equal([1, 2, 1], encoded.Blocks.Select(block => block.Repeat));
        Assert.Equal([OperatorRole.Embedding], Roles(encoded, 0));
        Assert.Equal([OperatorRole.AttentionNorm, OperatorRole.QkvProjection, OperatorRole.Attention, OperatorRole.OutputProjection, OperatorRole.Residual, .. feedForward], Roles(encoded, 1));
        Assert.Equal([OperatorRole.FinalNorm, .. Enumerable.Repeat((OperatorRole[])[OperatorRole.CrossKvProjection, OperatorRole.KvAppend], 3).SelectMany(roles => roles)], Roles(encoded, 2));
        Assert.All(Flatten(encoded), op => Assert.Equal(Phase.Encode, op.Phase));
        Assert.All(Flatten(encoded).Where(op => op.Role == OperatorRole.KvAppend), op => Assert.Equal((10, 2, 5), (op.Rows, op.Sequences, op.Context)));

        // Each layer projects what the final normalisation made.
        Assert.Equal([0, 1, 1, 3, 1, 5, 1], encoded.Blocks[2].Sources.Skip(1).Select(sources => sources.First).Prepend(0));

        session.Forward(new int[2], Phase.Decode);
        Step step = session.Commit(2);
        OperatorRole[] layer =
        [
            OperatorRole.AttentionNorm, OperatorRole.QkvProjection, OperatorRole.KvAppend, OperatorRole.Attention, OperatorRole.OutputProjection, OperatorRole.Residual,
            OperatorRole.CrossAttentionNorm, OperatorRole.CrossQueryProjection, OperatorRole.CrossAttention, OperatorRole.CrossOutputProjection, OperatorRole.Residual,
            .. feedForward,
        ];
        Assert.Equal([1, 3, 1], step.Blocks.Select(block => block.Repeat));
        Assert.Equal(layer, Roles(step, 1));
        Assert.Equal([OperatorRole.FinalNorm, OperatorRole.LmHead], Roles(step, 2));
        Assert.Equal(new OperatorSources(2, 1), step.Blocks[1].Sources[3]);

        // The input was written in another step.
        Assert.Equal(new OperatorSources(1, 0), step.Blocks[1].Sources[8]);
    }

    [Fact]
    public void A_session_encodes_before_it_generates_and_starts_anew_with_each_input()
    {
        EngineSession<ShapeTensor> session = new(new ShapeEncoderDecoderBackend(RandomEncoderDecoder.T5), 2, 8, 8);
        session.Encode(new int[10]);
        Assert.Throws<InvalidOperationException>(() => session.Forward(new int[2], Phase.Decode));
        session.Commit(0);
        session.Forward(new int[6], Phase.Decode);
        session.Commit(2);
        Assert.Equal((3, 5), (session.Cache.Length, session.CrossCache!.Length));
        session.Encode(new int[16]);
        session.Commit(0);
        Assert.Equal((0, 8), (session.Cache.Length, session.CrossCache.Length));
        Assert.Throws<PimSimUserException>(() => session.Encode(new int[18]));

        EngineSession<ShapeTensor> decoder = new(new ShapeBackend(RandomShape.Small), 1, 4);
        Assert.Null(decoder.CrossCache);
        Assert.Throws<InvalidOperationException>(() => decoder.Encode([1]));
        EngineSession<ShapeTensor> unencoded = new(new ShapeEncoderDecoderBackend(RandomEncoderDecoder.T5), 1, 8, 8);
        Assert.Throws<InvalidOperationException>(() => unencoded.Forward([1], Phase.Decode));
    }

    [Fact]
    public void A_capacity_beyond_the_learned_positions_is_a_user_error()
    {
        ShapeEncoderDecoderBackend backend = new(RandomEncoderDecoder.T5 with { Position = EncoderDecoderPosition.Learned, MaxPositions = 9 });
        Assert.Throws<PimSimUserException>(() => backend.CreateCache(1, 10));
        Assert.Throws<PimSimUserException>(() => backend.CreateCrossCache(1, 10));
        Assert.Throws<PimSimUserException>(() => RandomEncoderDecoder.T5.Footprint(int.MaxValue, 1, 1));
    }

    [Theory]
    [InlineData(512, 64, 2048, 6, 6, 8, ActivationKind.Relu, true, 60_506_624)]
    [InlineData(512, 64, 1024, 8, 8, 6, ActivationKind.GeGlu, false, 76_961_152)]
    public void Published_models_have_their_number_of_parameters(int hidden, int headDim, int ffn, int encoder, int decoder, int heads, ActivationKind activation, bool tied, long parameters)
    {
        // google-t5/t5-small and google/flan-t5-small: what num_parameters() of the library says of them.
        EncoderDecoderShape shape = RandomEncoderDecoder.T5 with
        {
            Hidden = hidden,
            HeadDim = headDim,
            Ffn = ffn,
            EncoderLayers = encoder,
            DecoderLayers = decoder,
            Heads = heads,
            Activation = activation,
            Tied = tied,
            Vocab = 32_128,
            Buckets = new RelativeBuckets(32, 128),
        };
        Assert.Equal(parameters, shape.Footprint(1, 1, 1).Parameters);
    }

    private static OperatorRole[] Roles(Step step, int block) => [.. step.Blocks[block].Operators.Select(op => op.Role)];

    private static IEnumerable<Operator> Flatten(Step step) =>
        step.Blocks.SelectMany(block => Enumerable.Repeat(block.Operators, block.Repeat).SelectMany(operators => operators));

    /// <summary>Encodes, forwards the output at once, and one more token.</summary>
    private static Step[] Run<TTensor>(IEncoderDecoderBackend<TTensor> backend, RandomEncoderDecoder model)
        where TTensor : ITensor
    {
        int sequences = model.Inputs.Length;
        EngineSession<TTensor> session = new(backend, sequences, model.Inputs[0].Length, model.Outputs[0].Length + 1);
        session.Encode([.. model.Inputs.SelectMany(input => input)]);
        List<Step> steps = [session.Commit(0)];
        int[] sampled = new int[sequences];
        session.Sample(session.Forward([.. model.Outputs.SelectMany(output => output)], Phase.Prefill), sampled);
        steps.Add(session.Commit(sequences));
        session.Sample(session.Forward(sampled, Phase.Decode), sampled);
        steps.Add(session.Commit(sequences));
        return [.. steps];
    }
}
