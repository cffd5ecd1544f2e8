using System.Text;
using PimSim.Experiments.Files;
using PimSim.Experiments.Running;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Workloads.Engines;
using PimSim.Workloads.Techniques;

namespace PimSim.Cli;

/// <summary>One run of <c>pimsim trace record</c>, with progress on standard error. Ctrl-C writes nothing.</summary>
internal sealed class TraceRecordSession(
    string model, string backend, string technique, int promptTokens, string? promptFile, int tokens, int sequences, long seed, int threads, int? warmUpSteps, string file, string? userCatalogue)
{
    // More than any context; what a prompt of more is, is a mistake.
    private const int MostPromptBytes = 1 << 26;

    public int Run()
    {
        TraceFile.RequireExtension(file);
        if (userCatalogue is not null && !Directory.Exists(userCatalogue))
        {
            throw new PimSimUserException($"there is no folder '{userCatalogue}'");
        }

        TraceRecording recording = new(TechniqueCatalogue.Shipped.Get(technique), promptTokens, promptFile is null ? null : ReadPrompt(promptFile), tokens, sequences, seed) { WarmUpSteps = warmUpSteps };
        using IEngineModel engine = EngineModels.Open(model, backend, ExperimentReader.Zoo(userCatalogue), seed, threads);
        using Interruption interruption = new();
        return ScreenProgress.Watch($"{engine.Name} on {backend}", (long)tokens * sequences, onDone =>
        {
            recording.Write(engine, file, $"PimSim {ExperimentRunner.Version}", step => onDone(step.CommittedTokens), interruption.Token);
            return 0;
        });
    }

    private static string ReadPrompt(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MostPromptBytes
                ? new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path))
                : throw new PimSimUserException($"{path}: a prompt of more than {MostPromptBytes} bytes");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new PimSimUserException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }
}
