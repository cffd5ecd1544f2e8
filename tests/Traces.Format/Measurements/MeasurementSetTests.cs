using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Tests.Files;
using PimSim.Traces.Format.Tests.Importers;
using PimSim.Traces.Format.Tests.Importers.Kineto;
using Xunit;

namespace PimSim.Traces.Format.Tests.Measurements;

public sealed class MeasurementSetTests(ITestOutputHelper output) : IDisposable
{
    private const string Gemm = "gemm_dtype,m,n,k,latency";

    private readonly MeasuredTables _tables = new();

    public void Dispose() => _tables.Dispose();

    [Fact]
    public void A_folder_gives_its_files_in_ordinal_order_and_says_what_it_skips()
    {
        _tables.Write("b/two.csv", Gemm, "fp8,2,3,4,1");
        _tables.Write("B/one.csv", Gemm, "fp8,1,3,4,1");
        _tables.Write("b/README.md", "# words");
        _tables.Write("meta-llama/Llama-9/bf16/tp1/dense.csv", "layer,tokens,time_us", "qkv_proj,1,1");
        _tables.Write("z/requests.jsonl", "{\"input_length\": 7}");
        MeasurementSet set = MeasurementSet.Open(_tables.Folder, KnownShapes.Options);
        Assert.Equal([1, 2], set.Measurements().Select(row => row.Operators[0].Rows));
        Assert.Equal(["README.md", "dense.csv", "requests.jsonl"], set.Skipped.Select(file => Path.GetFileName(file.Path)));
        Assert.Contains("'meta-llama/Llama-9' are not known", set.Skipped[1].Reason, StringComparison.Ordinal);
        Assert.Empty(set.EndToEnd());
    }

    [Fact]
    public void A_folder_without_measurements_and_a_path_without_a_file_are_refused()
    {
        _tables.Write("README.md", "# words");
        Assert.Contains("none of its 1 files holds measurements", Assert.Throws<PimSimUserException>(() => MeasurementSet.Open(_tables.Folder)).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<PimSimUserException>(() => MeasurementSet.Open(Path.Combine(_tables.Folder, "nothing"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_format_is_not_looked_for_and_a_wrong_name_is_suggested_another()
    {
        string path = _tables.Write("x.csv", "a,b", "1,2");
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => MeasurementFile.Open(path, new MeasurementOptions { Format = MeasurementFormat.AiConfiguratorGemm }).Measurements().Count());
        Assert.StartsWith($"{path}:1: no column 'gemm_dtype'", fault.Message, StringComparison.Ordinal);
        foreach (MeasurementFormat format in Enum.GetValues<MeasurementFormat>())
        {
            Assert.Equal(format, MeasurementFormats.Parse(format.Name()));
        }

        Assert.Contains("'vidur-mlp'", Assert.Throws<PimSimUserException>(() => MeasurementFormats.Parse("vidur-mpl")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_gives_each_executed_operator_with_its_own_time()
    {
        Operator product = new() { Kind = OperatorKind.Gemm, Role = OperatorRole.FfnUp, Phase = Phase.Decode, Rows = 1, Inputs = 2, Outputs = 3 };
        Operator unknown = new() { Kind = OperatorKind.Opaque, Role = OperatorRole.Other, Phase = Phase.Decode, Rows = 0, Label = "a kernel", OpaqueNanoseconds = 9 };
        string path = Path.Combine(_tables.Folder, "t.jsonl");
        TraceFile.Write(path, RandomTrace.Plain, [new Step(0, Phase.Decode, [new StepBlock([product, unknown], 2)], 1) { MeasuredNanoseconds = [10, 20, 30, 40] }], TestContext.Current.CancellationToken);
        MeasurementFile file = MeasurementFile.Open(path);
        Measurement[] read = [.. file.Measurements()];
        Assert.Equal(MeasurementFormat.Trace, file.Format);
        Assert.Equal([10.0, 20, 30, 40], read.Select(row => row.Nanoseconds));
        Assert.Equal([product, product], read.SelectMany(row => row.Operators));
        Assert.Equal(["ffn_up", "a kernel"], read[..2].Select(row => row.Name));
        Assert.All(read, row => Assert.Equal(("m", row.Operators.IsEmpty), (row.Group, row.Unmatched is not null)));

        string unmeasured = Path.Combine(_tables.Folder, "u.jsonl");
        TraceFile.Write(unmeasured, RandomTrace.Plain, [new Step(0, Phase.Decode, [new StepBlock([product], 1)], 1)], TestContext.Current.CancellationToken);
        Assert.Contains("holds no measured times", Assert.Throws<PimSimUserException>(() => MeasuredTables.Read(unmeasured)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_profile_gives_all_the_time_that_its_importer_found()
    {
        string path = Path.Combine(_tables.Folder, "p.json");
        File.WriteAllBytes(path, new KinetoGenerator(3).Next());
        MeasurementFile file = MeasurementFile.Open(path);
        Assert.Equal(MeasurementFormat.Profile, file.Format);
        Format.Importers.ImportedSteps steps = Assert.IsType<Format.Importers.ImportedSteps>(Format.Importers.TraceImport.Open(path));
        Assert.Equal(steps.Summary.BusyNanoseconds, file.Measurements().Sum(row => row.Nanoseconds));
    }

    [Fact]
    public void Files_of_all_formats_are_told_apart_by_their_content()
    {
        foreach ((Format.Importers.ImportFormat format, byte[] content) in SampleFiles.All())
        {
            string path = Path.Combine(_tables.Folder, "any.txt");
            File.WriteAllBytes(path, content);
            MeasurementFormat? expected = format switch
            {
                Format.Importers.ImportFormat.VidurMlp => MeasurementFormat.VidurLayers,
                Format.Importers.ImportFormat.VidurAttention => MeasurementFormat.VidurAttention,
                Format.Importers.ImportFormat.Kineto or Format.Importers.ImportFormat.NsightKernelSummary or Format.Importers.ImportFormat.NsightGpuTrace => MeasurementFormat.Profile,
                _ => null,
            };
            if (expected is { } known)
            {
                Assert.Equal(known, MeasurementFile.Open(path).Format);
                Assert.NotEmpty(MeasuredTables.Read(path));
            }
            else
            {
                Assert.Throws<PimSimUserException>(() => MeasurementFile.Open(path));
            }
        }
    }

    [Fact]
    public void The_folder_of_real_measurements_is_read_to_the_last_row()
    {
        string folder = Path.GetDirectoryName(SharedData.Require("realgpu/README.md"))!;
        MeasurementSet set = MeasurementSet.Open(folder, KnownShapes.Options);
        long rows = 0, unmatched = 0, marked = 0, runs = 0;
        foreach (MeasurementFile file in set.Files)
        {
            foreach (Measurement row in file.Measurements())
            {
                rows++;
                unmatched += row.Unmatched is null ? 0 : 1;
                marked += row.Caution is null ? 0 : 1;
                Assert.True(row.Group.Length > 0 && row.Line > 0 && row.Operators.IsEmpty == row.Unmatched is not null, row.ToString());
            }

            runs += file.EndToEnd().Count();
        }

        output.WriteLine($"{set.Files.Length} files: {rows} measured operators ({unmatched} without operators, {marked} marked) and {runs} runs");
        foreach (SkippedFile file in set.Skipped)
        {
            output.WriteLine($"skipped: {file.Reason}");
        }

        Assert.True(rows > 300_000 && runs > 6000, $"{rows} operators, {runs} runs");
        Assert.All(Enum.GetValues<MeasurementFormat>().Where(format => format != MeasurementFormat.Trace), format => Assert.Contains(set.Files, file => file.Format == format));
    }
}
