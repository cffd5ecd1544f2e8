using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;
using PimSim.Traces.Training.Optimisation;
using PimSim.Traces.Training.Text;

namespace PimSim.Traces.Training;

/// <summary>The command <c>speed</c>: the best of several repetitions, on one thread.</summary>
internal static class SpeedCommand
{
    private const int Repetitions = 20;
    private const double Giga = 1e9;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Command command = new("speed", "Measures the matrix products and a sequence of the main model on one thread.");
        command.SetAction(_ => Measure());
        return command;
    }

    private static void Measure()
    {
        DecoderConfiguration model = DecoderConfiguration.Main;
        MatrixProduct<float> product = new();
        (int rows, int inputs, int outputs) = (model.Context, model.Hidden, 2 * model.Ffn);
        float[] x = new float[rows * inputs];
        float[] w = new float[outputs * inputs];
        float[] y = new float[rows * outputs];
        double operations = 2.0 * rows * inputs * outputs;
        string shape = string.Create(CultureInfo.InvariantCulture, $"{rows} rows, {inputs} inputs, {outputs} outputs");
        Print($"y = x W^T, {shape}", operations, Best(() => product.Compute(new MatrixView<float>(x, rows, inputs), new MatrixView<float>(w, outputs, inputs).Transposed, new MatrixView<float>(y, rows, outputs), accumulate: false)));
        Print($"dx = dy W, {shape}", operations, Best(() => product.Compute(new MatrixView<float>(y, rows, outputs), new MatrixView<float>(w, outputs, inputs), new MatrixView<float>(x, rows, inputs), accumulate: false)));
        Print($"dW += dy^T x, {shape}", operations, Best(() => product.Compute(new MatrixView<float>(y, rows, outputs).Transposed, new MatrixView<float>(x, rows, inputs), new MatrixView<float>(w, outputs, inputs), accumulate: true)));

        SequencePass<float> pass = new(model);
        float[] parameters = InitialWeights.Draw<float>(model, new SeededRandom(1));
        float[] gradient = new float[parameters.Length];
        int[] tokens = GeneratedCorpus.Tokens(new SeededRandom(1), model.Context + 1);
        double seconds = Best(() => pass.AddGradient(parameters, tokens.AsSpan(0, model.Context), tokens.AsSpan(1), 1, gradient));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"main model, loss and gradient of one sequence: {seconds * 1000:F1} ms, {model.Context / seconds:F0} tokens/s"));
    }

    private static void Print(string name, double operations, double seconds) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {operations / seconds / Giga:F0} GFLOP/s"));

    private static double Best(Action work)
    {
        double best = double.MaxValue;
        for (int i = 0; i < Repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }
}
