using System.Globalization;
using PimSim.Devices.Pim;
using PimSim.Experiments.Files;
using PimSim.Experiments.Idealised;
using PimSim.Experiments.Matrix;
using PimSim.Experiments.Results;
using PimSim.Experiments.Running;
using PimSim.Experiments.Serving;
using PimSim.Reports;
using Xunit;

namespace PimSim.Acceptance;

/// <summary>The main job: the eight GPT models on PIM-GPT and its baselines.</summary>
public class PimGptTests
{
    private static readonly string Sample = Path.Combine(SourceTree.Root, "samples", "pim-gpt.yaml");

    [Fact]
    public void Fast_forward_and_threads_change_nothing_for_all_eight_models()
    {
        Experiment experiment = ExperimentReader.Read(Sample, new ExperimentSelection([], ["pim-gpt"], 2));
        ExperimentResult fast = Run(experiment, accelerate: true, threads: 2);
        ExperimentResult exact = Run(experiment, accelerate: false, threads: 1);
        Assert.Equal(8, fast.Points.Count);
        Assert.Equal(Text(exact), Text(fast));
    }

    [Fact]
    public void No_model_is_faster_than_the_bandwidth_of_all_banks_and_every_loss_is_accounted_for()
    {
        // Facts sheet pim.md 1.10 c: 128 banks x 32 B each ns.
        const double BytesPerSecond = 4.096e12;
        const int Tokens = 32;
        Experiment experiment = ExperimentReader.Read(Sample, new ExperimentSelection([], ["pim-gpt"], Tokens));
        foreach (PointResult point in Run(experiment, accelerate: true, threads: 2).Points)
        {
            (string _, Traces.Engine.Models.ModelShape shape) = experiment.Models.Single(model => model.Name == point.Model);
            long weights = (12L * shape.Hidden * shape.Hidden * shape.Layers) + ((long)shape.Hidden * shape.Vocab);
            long cached = 2L * shape.Layers * shape.Hidden * (Tokens * (Tokens + 1) / 2);
            double boundSeconds = 2 * ((Tokens * weights) + cached) / BytesPerSecond;
            Assert.True(point.ElapsedPicoseconds * 1e-12 >= boundSeconds, point.Model);
            Assert.Equal(point.ElapsedPicoseconds, point.TimeComponents.Sum(point.TimeOf));

            // The device's own bound is the same number, up to its rounding down by one cycle an operation.
            Assert.InRange(point.TimeOf("mac-bound") * 1e-12 / boundSeconds, 0.995, 1.0);
        }
    }

    [Fact]
    public void The_command_trace_holds_every_command_in_order()
    {
        using TemporaryFolder folder = new();
        (int exitCode, _, string errors) = PimSimProcess.Run(
            "run", Sample, "--model", "gpt2-small", "--system", "pim-gpt", "--tokens", "1", "--out", folder.Path, "--commands", folder.File("commands.csv"));
        Assert.True(exitCode == 0, errors);
        PointResult point = ReportFolder.Read(folder.Path).Points.Single();
        Dictionary<string, long> counts = new(StringComparer.Ordinal);
        long[] last = new long[8];
        bool header = true;
        foreach (string line in File.ReadLines(folder.File("commands.csv")))
        {
            if (header)
            {
                Assert.Equal("cycle,cmd,channel,rank,bankgroup,bank,row,col", line);
                header = false;
                continue;
            }

            string[] fields = line.Split(',');
            Assert.Equal(8, fields.Length);
            long cycle = long.Parse(fields[0], CultureInfo.InvariantCulture);
            int channel = int.Parse(fields[2], CultureInfo.InvariantCulture);
            Assert.True(cycle >= last[channel], line);
            last[channel] = cycle;
            counts[fields[1]] = counts.GetValueOrDefault(fields[1]) + 1;
        }

        Assert.Equal(
            point.Counters.Where(counter => counter.Key.StartsWith("commands.", StringComparison.Ordinal)).ToDictionary(counter => counter.Key[9..], counter => counter.Value),
            counts);

        // Cycles are of 1 ns: the last command comes before the last token is done.
        Assert.InRange(last.Max() * 1000, point.ElapsedPicoseconds * 9 / 10, point.ElapsedPicoseconds);
    }

    [Fact]
    public void The_checker_finds_no_illegal_command()
    {
        Experiment experiment = ExperimentReader.Read(Sample, new ExperimentSelection(["gpt2-small"], ["pim-gpt"], 1));
        (ExperimentResult result, long commands) = CommandWatch.RunChecked(experiment, 1, null, CancellationToken.None);
        Assert.Equal(result.Points[0].Counters.Where(counter => counter.Key.StartsWith("commands.", StringComparison.Ordinal)).Sum(counter => counter.Value), commands);
    }

    [Fact]
    public void Published_structure_is_predicted()
    {
        // What shapes decide: row hits and data movement. Values and sources are in the claims catalogue.
        Experiment experiment = ExperimentReader.Read(Sample, new ExperimentSelection([], ["pim-gpt"], 64));
        ExperimentResult result = Run(experiment, accelerate: true, threads: 2);
        Assert.Equal("met", result.Claims.Single(claim => claim.Claim == "row-hit rate").Verdict);
        Assert.Equal("met", result.Claims.Single(claim => claim.Claim == "data movement saved").Verdict);
    }

    [Fact]
    public void The_sample_runs_from_the_command_line_with_all_files()
    {
        using TemporaryFolder folder = new();
        (int exitCode, string output, string errors) = PimSimProcess.Run("run", Sample, "--tokens", "2", "--out", folder.Path);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("tokens/s", output, StringComparison.Ordinal);
        Assert.Contains("gpt3-xl", output, StringComparison.Ordinal);
        Assert.Equal(32, ReportFolder.Read(folder.Path).Points.Count);
        string[] expected = ["results.json", "results.csv", "claims.csv", "report.html"];
        Assert.All(expected, name => Assert.True(new FileInfo(folder.File(name)).Length > 0, name));
        Assert.NotEmpty(Directory.GetFiles(folder.File("figures"), "*.png"));

        // A report made of the stored result is the same to the byte.
        using TemporaryFolder again = new();
        Assert.Equal(0, PimSimProcess.Run("report", folder.Path, "--out", again.Path).ExitCode);
        Assert.All(Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories), file =>
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(again.Path, Path.GetRelativePath(folder.Path, file)))));
        Assert.Equal(Directory.GetFiles(folder.File("figures"), "*.png").Length, Directory.GetFiles(folder.File("figures"), "*.svg").Length);
    }

    public static TheoryData<string> Samples => [.. Directory.GetFiles(Path.Combine(SourceTree.Root, "samples"), "*.yaml").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_sample_is_right(string sample)
    {
        var file = ExperimentFile.Open(Path.Combine(SourceTree.Root, "samples", sample));
        if (file.IsServing)
        {
            ServingExperiment serving = ServingExperimentReader.Read(file);
            ServingExperimentResult result = ServingRunner.Run(serving, 2, null, TestContext.Current.CancellationToken);
            Assert.Equal(serving.Models.Count * serving.Systems.Count * serving.Loads.Count, result.Points.Count);
            Assert.All(result.Points, point => Assert.Equal(point.Result.Requests, point.Result.Finished));
            return;
        }

        if (file.IsIdealised)
        {
            IdealisedExperiment idealised = IdealisedExperimentReader.Read(file);
            IdealisedExperimentResult result = IdealisedRunner.Run(idealised, 2, null, TestContext.Current.CancellationToken);
            Assert.Equal(idealised.Models.Count * idealised.Systems.Count, result.Points.Count);
            Assert.NotEmpty(result.Claims);
            return;
        }

        if (file.IsMatrix)
        {
            // All of its points take minutes. Plain decoding has no paper, and so no run of its own.
            MatrixExperiment matrix = MatrixExperimentReader.Read(file, new ExperimentSelection([], [], null));
            Assert.Equal(matrix.Systems.Count * ((matrix.Techniques.Count * (1 + matrix.Common!.Batches.Count)) - 1), matrix.Tasks.Count);
            MatrixTask[] some = [.. matrix.Tasks.Where(task => task is { Technique.Name: "hydra", Workload: "batch 1", System: "A100" or "H100" or "T4" or "Lamina" })];
            MatrixResult result = MatrixRunner.Run(matrix with { Tasks = some }, 2, null, TestContext.Current.CancellationToken);
            Assert.Equal(4, result.Points.Count);
            Assert.All(result.Points, point => Assert.Equal("", point.Fault));
            return;
        }

        Experiment experiment = ExperimentReader.Read(file, new ExperimentSelection([], [], 1));
        ExperimentRunner.Check(experiment);
        Assert.Equal(experiment.Models.Count * experiment.Systems.Count, Run(experiment, accelerate: true, threads: 2).Points.Count);
    }

    private static ExperimentResult Run(Experiment experiment, bool accelerate, int threads) =>
        ExperimentRunner.Run(experiment, new RunSettings(new PimSimulation(accelerate), threads), CancellationToken.None);

    private static string Text(ExperimentResult result) => System.Text.Encoding.UTF8.GetString(ResultJson.Write(result));
}
