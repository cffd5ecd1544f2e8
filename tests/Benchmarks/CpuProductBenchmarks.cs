using BenchmarkDotNet.Attributes;
using PimSim.Traces.Engine.Backends.Cpu;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Benchmarks;

/// <summary>
/// One product of one or 64 tokens with a matrix [4096, 1024], weights read from cache (2 to 16 MB), on one thread. What memory allows
/// is measured by cpu-decode.
/// </summary>
public class CpuProductBenchmarks : IDisposable
{
    private const int Inputs = 1024;
    private const int Outputs = 4096;

    private readonly LinearWork _work = new(1);
    private RandomWeights? _weights;
    private CpuMatrix _matrix = null!;
    private CpuTensor _input;
    private CpuTensor _result;

    [Params(DataType.Fp32, DataType.Fp16, DataType.Bf16, DataType.Int8, DataType.Int4)]
    public DataType Type { get; set; }

    [Params(1, 64)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Draw()
    {
        ModelShape shape = new()
        {
            Name = "one matrix",
            Layers = 1,
            Hidden = Inputs,
            Heads = 1,
            KvHeads = 1,
            HeadDim = 2,
            Ffn = Outputs,
            Vocab = 1,
            MaxPositions = 1,
            Activation = ActivationKind.Relu,
            Norm = NormKind.RmsNorm,
            Position = PositionKind.Learned,
            Biases = BiasKind.None,
            Tied = true,
            WeightType = Type is DataType.Int8 or DataType.Int4 ? DataType.Bf16 : Type,
        };
        _weights = new RandomWeights(shape, new ModelNumerics(), 1);
        WeightTensor drawn = _weights.Matrix(OperatorRole.FfnUp, 0);

        // Any bytes are integers: those of the other matrix serve, and a scale of 1 for each 64 columns.
        _matrix = new CpuMatrix(Type == shape.WeightType ? drawn : drawn with { Type = Type, Scales = Ones(), GroupSize = 64 }, []);
        _input = new CpuTensor(new TensorStorage(Tokens * Inputs), Tokens, Inputs);
        _input.From(0).Fill(0.5f);
        _result = new CpuTensor(new TensorStorage(Tokens * Outputs), Tokens, Outputs);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _weights?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public void Product()
    {
        int pieces = _work.Prepare(_matrix, _input, _result);
        for (int piece = 0; piece < pieces; piece++)
        {
            _work.Run(piece, 0);
        }
    }

    private static float[] Ones()
    {
        float[] scales = new float[Inputs * Outputs / 64];
        Array.Fill(scales, 1);
        return scales;
    }
}
