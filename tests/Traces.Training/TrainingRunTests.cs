using System.Globalization;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;
using PimSim.Traces.Training.Optimisation;
using PimSim.Traces.Training.Text;
using Xunit;

namespace PimSim.Traces.Training.Tests;

/// <summary>A toy is trained from end to end.</summary>
public sealed class TrainingRunTests : IDisposable
{
    private static readonly DecoderConfiguration Tiny = new() { Layers = 2, Hidden = 32, Heads = 4, KvHeads = 2, HeadDim = 8, Ffn = 64, Context = 64 };

    private static readonly TrainingPlan Plan = new() { Steps = 30, Batch = 4, LearningRate = 2e-2, WarmupSteps = 5, EvaluationInterval = 10 };

    private static readonly TrainingSettings Toy = new()
    {
        Seed = 7,
        Main = Tiny,
        Draft = Tiny with { Layers = 1, Hidden = 16 },
        MainPlan = Plan,
        DraftPlan = Plan,
        HeadPlan = Plan,
        CurveWindows = 4,
        FinalWindows = 8,
        SampleLength = 20,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-training").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_loss_falls_and_a_seed_gives_the_same_bytes_with_any_number_of_threads()
    {
        Dictionary<string, byte[]> first = Run("first", Toy, threads: 1);
        Assert.Equal(
            ["draft-loss.csv", "draft/config.json", "draft/model.safetensors", "figures.csv", "heads.safetensors", "main-loss.csv", "main/config.json", "main/model.safetensors", "samples.txt"],
            first.Keys.Order(StringComparer.Ordinal));
        string[] curve = File.ReadAllLines(Path.Combine(_folder, "first", "main-loss.csv"));
        Assert.Equal(4, curve.Length);
        double[] last = [.. curve[^1].Split(',').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture))];
        Assert.Equal(30, last[0]);
        Assert.Equal(30 * 4 * 64, last[1]);

        // A model that knows nothing needs log2(272) = 8.1 bits; one that knows how often each byte occurs 4.64.
        Assert.InRange(last[3], 1, 4.6);

        Dictionary<string, byte[]> second = Run("second", Toy, threads: 3);
        Assert.All(first, file => Assert.Equal(file.Value, second[file.Key]));
        Dictionary<string, byte[]> other = Run("other", Toy with { Seed = 8 }, threads: 2);
        Assert.NotEqual(first["main/model.safetensors"], other["main/model.safetensors"]);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_refused_before_any_work()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        List<string> log = [];
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new TrainingRun(Toy, file, 1, log.Add).Execute());
        Assert.Contains("cannot be written", fault.Message, StringComparison.Ordinal);
        Assert.Empty(log);
    }

    [Fact]
    public void A_pass_allocates_nothing_once_it_has_run()
    {
        SequencePass<float> pass = new(Tiny);
        float[] weights = InitialWeights.Draw<float>(Tiny, new SeededRandom(1));
        float[] gradient = new float[weights.Length];
        int[] tokens = GeneratedCorpus.Tokens(new SeededRandom(2), Tiny.Context + 1);
        Pass();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Pass();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Pass() => pass.AddGradient(weights, tokens.AsSpan(0, Tiny.Context), tokens.AsSpan(1), 1, gradient);
    }

    private Dictionary<string, byte[]> Run(string name, TrainingSettings settings, int threads)
    {
        string folder = Path.Combine(_folder, name);
        new TrainingRun(settings, folder, threads, _ => { }).Execute();
        return Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(folder, file).Replace('\\', '/'), File.ReadAllBytes);
    }
}
