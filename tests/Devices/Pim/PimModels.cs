using CsCheck;
using PimSim.Devices.Asic;
using PimSim.Devices.Pim;
using PimSim.Simulator.Kernel;
using PimSim.Traces.Format.Operators;

namespace PimSim.Devices.Tests.Pim;

/// <summary>A small decoder: its footprint and the operators that run on it.</summary>
internal sealed record PimModel(int Width, int KvHeads, int Group, int HeadDim, int Ffn, int Vocabulary, bool Bias, int Layers, int Reserved, int Sequences)
{
    public static Gen<PimModel> Small { get; } =
        Gen.Select(
            Gen.Select(Gen.Int[1, 700], Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[4, 100]),
            Gen.Select(Gen.Int[1, 1500], Gen.Int[1, 3000], Gen.Bool, Gen.Int[1, 3]),
            Gen.Int[40, 1500],
            Gen.Int[1, 3]).Select((a, b, reserved, sequences) => new PimModel(a.Item1, a.Item2, a.Item3, a.Item4, b.Item1, b.Item2, b.Item3, b.Item4, reserved, sequences));

    public ModelFootprint Footprint => new(
        "toy",
        [
            new WeightMatrix(OperatorRole.QkvProjection, Width, (Group + 2) * KvHeads * HeadDim, Bias, Layers),
            new WeightMatrix(OperatorRole.OutputProjection, Group * KvHeads * HeadDim, Width, Bias, Layers),
            new WeightMatrix(OperatorRole.FfnUp, Width, Ffn, Bias, Layers),
            new WeightMatrix(OperatorRole.FfnDown, Ffn, Width, Bias, Layers),
            new WeightMatrix(OperatorRole.LmHead, Width, Vocabulary, false, 1),
        ],
        100L * Width,
        Layers,
        KvHeads * HeadDim,
        HeadDim,
        Reserved,
        Sequences,
        DataType.Bf16,
        DataType.Bf16);

    /// <summary>One operator of a kind, with <paramref name="tokens"/> new tokens in each sequence that then have a context.</summary>
    public Operator Operator(OperatorKind kind, int matrix, int tokens, int context)
    {
        WeightMatrix weights = Footprint.Matrices[matrix % Footprint.Matrices.Length];
        Operator op = new()
        {
            Kind = kind,
            Role = kind == OperatorKind.Gemm ? weights.Role : OperatorRole.Residual,
            Phase = tokens > 1 ? Phase.Prefill : Phase.Decode,
            Rows = tokens * Sequences,
            Sequences = Sequences,
            WeightType = DataType.Bf16,
            ActivationType = DataType.Bf16,
            KvType = DataType.Bf16,
        };
        return kind switch
        {
            OperatorKind.Gemm => op with { Inputs = weights.Inputs, Outputs = weights.Outputs, Bias = weights.Bias },
            OperatorKind.KvAppend or OperatorKind.Attention or OperatorKind.Rope =>
                op with { Heads = KvHeads * Group, KvHeads = KvHeads, HeadDim = HeadDim, Context = context, Role = kind == OperatorKind.Attention ? OperatorRole.Attention : OperatorRole.KvAppend },
            OperatorKind.Norm => op with { Inputs = Width, Norm = matrix % 2 == 0 ? NormKind.LayerNorm : NormKind.RmsNorm, Role = OperatorRole.FfnNorm },
            OperatorKind.Activation => op with { Outputs = Ffn, Activation = (ActivationKind)(1 + (matrix % 4)), Role = OperatorRole.FfnActivation },
            OperatorKind.Sample => op with { Inputs = Vocabulary, Role = OperatorRole.Sample },
            OperatorKind.Embedding => op with { Outputs = Width, Role = OperatorRole.Embedding },
            _ => op with { Outputs = Width },
        };
    }
}

/// <summary>An operator, the layer that it belongs to, and how long nothing happens before it.</summary>
internal sealed record PimWork(Operator Operator, int Instance, Picoseconds Idle)
{
    /// <summary>The kinds that a PIM device executes.</summary>
    private static readonly Gen<OperatorKind> Kinds = Gen.Int[0, (int)OperatorKind.Opaque - 1].Select(kind => (OperatorKind)kind);

    /// <summary>Operators in any order; the context grows.</summary>
    public static Gen<PimWork[]> On(PimModel model, int count) =>
        Gen.Select(Kinds, Gen.Int[0, 11], Gen.OneOf(Gen.Const(1), Gen.Int[1, 4]), Gen.OneOf(Gen.Const(0L), Gen.Long[0, 30_000_000])).Array[1, count].Select(choices =>
        {
            int context = 0;
            return choices.Select(choice =>
            {
                (OperatorKind kind, int matrix, int tokens, long idle) = choice;
                context = Math.Min(model.Reserved, context + (kind == OperatorKind.KvAppend ? tokens * 7 : 0));
                Operator op = model.Operator(kind, matrix, Math.Min(tokens, Math.Max(1, context)), Math.Max(tokens, context));
                return new PimWork(op, op.Role == OperatorRole.LmHead ? 0 : matrix % model.Layers, new Picoseconds(idle));
            }).ToArray();
        });
}

/// <summary>A PIM device with the shipped ASIC, or one that differs in clock and units.</summary>
internal static class PimDevices
{
    private static readonly AsicConfiguration Shipped = Asic.ShippedAsic.Read();

    public static AsicModel ShippedAsic { get; } = new(Shipped);

    public static AsicModel AsicWith(long hertz, int adders) => new(new AsicConfiguration
    {
        Name = Shipped.Name,
        Clock = ClockDomain.FromFrequency(hertz),
        Adders = adders,
        Multipliers = adders,
        UnitLatency = Shipped.UnitLatency,
        SramBytes = Shipped.SramBytes,
        DataType = Shipped.DataType,
        Precision = Shipped.Precision,
        StaticPower = Shipped.StaticPower,
        AddEnergy = Shipped.AddEnergy,
        MultiplyEnergy = Shipped.MultiplyEnergy,
        AreaSquareMillimetres = Shipped.AreaSquareMillimetres,
    });

    public static PimDevice New(PimMemory memory, ModelFootprint footprint, bool accelerate = true, AsicModel? asic = null)
    {
        PimDevice device = new("toy-device", memory, asic ?? ShippedAsic, new PimSimulation(accelerate));
        device.Load(footprint);
        return device;
    }
}
