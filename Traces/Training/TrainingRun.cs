using System.Globalization;
using System.Text;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Training.Export;
using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;
using PimSim.Traces.Training.Optimisation;
using PimSim.Traces.Training.Text;

namespace PimSim.Traces.Training;

/// <summary>
/// Trains the main model, its draft heads and the draft model, and writes them, their loss curves, their figures and samples to a
/// folder. The same settings give the same bytes, whatever the number of threads.
/// </summary>
internal sealed class TrainingRun(TrainingSettings settings, string folder, int threads, Action<string> log)
{
    private readonly WorkCrew _crew = new(threads);

    private enum Purpose : ulong
    {
        Text = 1,
        HeldOut,
        Main,
        Draft,
        Heads,
        Samples,
    }

    /// <summary>Trains and writes everything.</summary>
    /// <exception cref="PimSimUserException">The folder cannot be written.</exception>
    public void Execute()
    {
        // A folder that cannot be written is known before the long part.
        AtomicFile.WriteText(Path.Combine(folder, "main-loss.csv"), LossCurve.ToCsv([]));
        DecoderTraining main = new(settings.Main, settings.MainPlan, _crew);
        DecoderTraining draft = new(settings.Draft, settings.DraftPlan, _crew);
        int[] text = GeneratedCorpus.Tokens(Random(Purpose.Text), Math.Max(main.RequiredTokens, draft.RequiredTokens) + settings.Heads);
        int[] heldOut = GeneratedCorpus.Tokens(Random(Purpose.HeldOut), (settings.FinalWindows * settings.Main.Context) + 1 + settings.Heads);
        log(string.Create(CultureInfo.InvariantCulture, $"text: {text.Length} tokens"));

        float[] mainWeights = Train("main", settings.Main, main, text, heldOut, Purpose.Main);
        HeadTraining heads = new(settings.Main, settings.Heads, settings.HeadPlan, _crew);
        float[] headWeights = heads.Run(mainWeights, text, Random(Purpose.Heads));
        BFloat16Rounding.Round(headWeights);
        DraftHeadsFile.Write(Path.Combine(folder, "heads.safetensors"), settings.Main, settings.Heads, headWeights, Origin(settings.HeadPlan));
        double[] headAccuracy = heads.Accuracy(mainWeights, headWeights, heldOut);
        log(string.Create(CultureInfo.InvariantCulture, $"heads: top-1 {string.Join(", ", headAccuracy.Select(share => share.ToString("P1", CultureInfo.InvariantCulture)))}"));

        float[] draftWeights = Train("draft", settings.Draft, draft, text, heldOut, Purpose.Draft);
        AtomicFile.WriteText(Path.Combine(folder, "figures.csv"), Figures(mainWeights, draftWeights, headAccuracy, heldOut));
        AtomicFile.WriteText(Path.Combine(folder, "samples.txt"), Samples(mainWeights));
    }

    private SeededRandom Random(Purpose purpose) => SeededRandom.For(settings.Seed, (ulong)purpose);

    private Dictionary<string, string> Origin(TrainingPlan plan) => new(StringComparer.Ordinal)
    {
        ["format"] = "pt",
        ["origin"] = string.Create(CultureInfo.InvariantCulture, $"PimSim.Traces.Training, seed {settings.Seed}, {plan.Steps} steps of {plan.Batch} sequences, generated text"),
    };

    private float[] Train(string name, DecoderConfiguration model, DecoderTraining training, int[] text, int[] heldOut, Purpose purpose)
    {
        int[] curveText = heldOut[..((Math.Min(settings.CurveWindows, settings.FinalWindows) * model.Context) + 1)];
        TrainingPlan plan = purpose == Purpose.Main ? settings.MainPlan : settings.DraftPlan;
        log(string.Create(CultureInfo.InvariantCulture, $"{name}: {new ParameterLayout(model).Length} parameters, {plan.Steps} steps"));
        float[] weights = training.Run(text, curveText, Random(purpose), current =>
        {
            // Each point is a checkpoint too: whoever stops the program keeps the last one, whole.
            LossPoint point = training.Curve[^1];
            log(string.Create(CultureInfo.InvariantCulture, $"{name}: step {point.Step}: {point.TrainingBitsPerByte:F3} bits/byte, held out {point.HeldOutBitsPerByte:F3}"));
            LlamaFolder.Write(Path.Combine(folder, name), model, current, Origin(plan));
            AtomicFile.WriteText(Path.Combine(folder, $"{name}-loss.csv"), LossCurve.ToCsv(training.Curve));
        });
        BFloat16Rounding.Round(weights);
        return weights;
    }

    private string Figures(float[] main, float[] draft, double[] headAccuracy, int[] heldOut)
    {
        StringBuilder text = new("figure,value\n");
        BatchGradient mainLoss = new(settings.Main, 1, _crew);
        BatchGradient draftLoss = new(settings.Draft, 1, _crew);
        Add("main parameters", new ParameterLayout(settings.Main).Length);
        Add("draft parameters", new ParameterLayout(settings.Draft).Length);
        Add("heads parameters", settings.Heads * DraftHeads<float>.LengthOf(settings.Main));
        Add("main held-out bits per byte", mainLoss.Evaluate(main, heldOut));
        Add("draft held-out bits per byte", draftLoss.Evaluate(draft, heldOut));
        foreach (TextKind kind in Enum.GetValues<TextKind>())
        {
            int[] ofKind = GeneratedCorpus.Tokens(Random(Purpose.HeldOut), (settings.CurveWindows * settings.Main.Context) + 1, kind);
            string name = kind.ToString().ToLowerInvariant();
            Add($"main held-out bits per byte of {name}", mainLoss.Evaluate(main, ofKind));
            Add($"draft held-out bits per byte of {name}", draftLoss.Evaluate(draft, ofKind));
        }

        GreedyAgreement agreement = GreedyAgreement.Measure(settings.Main, main, settings.Draft, draft, heldOut, _crew);
        Add("main top-1 accuracy", agreement.MainAccuracy);
        Add("draft top-1 accuracy", agreement.DraftAccuracy);
        Add("draft top-1 equals main top-1", agreement.Agreement);
        for (int head = 0; head < headAccuracy.Length; head++)
        {
            Add(string.Create(CultureInfo.InvariantCulture, $"head {head} top-1 accuracy (token t+{head + 2})"), headAccuracy[head]);
        }

        return text.ToString();

        void Add(string name, double value)
        {
            string line = string.Create(CultureInfo.InvariantCulture, $"{name},{Math.Round(value, 4)}");
            log(line);
            text.Append(line).Append('\n');
        }
    }

    private string Samples(float[] main)
    {
        TextSampler sampler = new(settings.Main, main);
        SeededRandom random = Random(Purpose.Samples);
        StringBuilder text = new();
        foreach ((string prompt, double temperature) in new[]
        {
            ("", 0.8), ("", 0.8), ("", 0.8), ("One morning Mira the baker was at the mill. A red key lay at the mill. Mira", 0.0), ("17 + 25 =", 0.0), ("def ", 0.8), ("set red key = 512\nset blue hat = 7730\nget red key ->", 0.0),
        })
        {
            text.Append(CultureInfo.InvariantCulture, $"=== temperature {temperature}, prompt \"{prompt.Replace("\n", "\\n", StringComparison.Ordinal)}\"\n");
            text.Append(sampler.Continue(prompt, settings.SampleLength, temperature, random)).Append("\n\n");
        }

        return text.ToString();
    }
}
