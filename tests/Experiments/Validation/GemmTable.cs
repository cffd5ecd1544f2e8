using System.Globalization;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Tests.Validation;

/// <summary>A table of products whose times are those of the model itself, by a factor, in a folder of its own.</summary>
internal sealed class GemmTable : IDisposable
{
    public const string Device = "a100-80";
    public const string Stack = "sarathi-2024";

    private static readonly (int Rows, int Outputs, int Inputs)[] Shapes = [.. from rows in (int[])[1, 7, 64, 333, 2048] from width in (int[])[512, 4096, 5120] select (rows, width, 2 * width)];

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim").FullName;

    public static int Count => Shapes.Length;

    public static GpuCostModel Model { get; } = ReadModel();

    public string Folder => _folder;

    public string Write(decimal factor, params IEnumerable<string> more) => WriteLines(
        "gemm_perf.csv",
        ["gemm_dtype,m,n,k,latency", .. Shapes.Select(shape => Line(shape, factor)), .. more]);

    public string WriteLines(string name, params IEnumerable<string> lines)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllLines(path, lines);
        return path;
    }

    public static ValidationRequest Request(params string[] paths) => new([.. paths], Device, Stack);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Milliseconds with nine digits hold picoseconds exactly.</summary>
    private static string Line((int Rows, int Outputs, int Inputs) shape, decimal factor)
    {
        Operator op = new()
        {
            Kind = OperatorKind.Gemm,
            Role = OperatorRole.Other,
            Phase = Phase.Prefill,
            Rows = shape.Rows,
            Inputs = shape.Inputs,
            Outputs = shape.Outputs,
            WeightType = DataType.Bf16,
            ActivationType = DataType.Bf16,
            KvType = DataType.Bf16,
        };
        return string.Create(CultureInfo.InvariantCulture, $"bfloat16,{shape.Rows},{shape.Outputs},{shape.Inputs},{Model.Compute(op).TotalPs * factor * 1e-9m:F9}");
    }

    private static GpuCostModel ReadModel()
    {
        HardwareCatalogue catalogue = new(null);
        ProblemList problems = new();
        GpuSpecification gpu = GpuSpecification.Read(catalogue.Gpus.Open(Device, problems), catalogue.Memories, catalogue.Standards);
        GpuCostModel model = new(gpu, GpuSilicon.Read(catalogue.Silicon.Open("ampere", problems)), GpuStack.Read(catalogue.Stacks.Open(Stack, problems)));
        problems.ThrowIfAny();
        return model;
    }
}
