using System.Diagnostics;
using System.Globalization;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads;
using PimSim.Workloads.Models;
using PimSim.Workloads.Techniques;

namespace PimSim.Benchmarks;

/// <summary>How long a whole trace takes on the Shape backend: made, and made and written to a file; the first time and later ones.</summary>
internal static class ShapeTrace
{
    public static void Measure(string model, int promptTokens, int generatedTokens, string? file)
    {
        GenerationSource source = new(new ModelZoo([ModelZoo.ShippedFolder]).Shape(model), TechniqueCatalogue.Shipped.Get("autoregressive").Program, new GenerationRequest(promptTokens, generatedTokens, 1));
        TraceHeader header = new()
        {
            Footprint = source.Footprint,
            Program = "benchmark",
            Technique = "autoregressive",
            Backend = "shape",
            Machine = "",
            PromptTokens = promptTokens,
            GeneratedTokens = generatedTokens,
            Seed = 0,
        };
        for (int run = 0; run < 5; run++)
        {
            long start = Stopwatch.GetTimestamp();
            long steps = 0;
            long operators = 0;
            if (file is null)
            {
                foreach (Step step in source.Steps())
                {
                    steps++;
                    operators += step.Count;
                }
            }
            else
            {
                TraceFile.Write(file, header, source.Steps());
            }

            string what = file is null ? $"{steps} steps, {operators} operators" : $"written, {new FileInfo(file).Length} bytes";
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"run {run}: {Stopwatch.GetElapsedTime(start).TotalSeconds:F3} s, {what}"));
        }
    }
}
