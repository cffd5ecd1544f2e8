using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using PimSim.Workloads.Techniques;

namespace PimSim.Workloads.Engines;

/// <summary>A generation on the engine, written to a trace file while it runs.</summary>
/// <param name="Technique">How tokens are generated.</param>
/// <param name="PromptTokens">Tokens of the prompt of each sequence: the one that begins a text, where the model has one, then drawn ones; not used with a <paramref name="PromptText"/>.</param>
/// <param name="PromptText">The prompt of every sequence.</param>
/// <param name="GeneratedTokens">Tokens wanted, per sequence.</param>
/// <param name="Sequences">Sequences generated at once.</param>
/// <param name="Seed">Of all that is drawn.</param>
public sealed record TraceRecording(TechniqueEntry Technique, int PromptTokens, string? PromptText, int GeneratedTokens, int Sequences, long Seed)
{
    /// <summary>Steps that are run before where the backend times operators and nothing else is said: the prompt and the first token after it.</summary>
    public const int DefaultWarmUpSteps = 2;

    /// <summary>
    /// Steps that are run once before the recording and not recorded, so that the times of the first steps are not those of compiling the code
    /// that runs them. They have caches and draws of their own, so the trace is the same but for its times. Null for
    /// <see cref="DefaultWarmUpSteps"/>, or none where nothing is timed.
    /// </summary>
    public int? WarmUpSteps { get; init; }

    /// <summary>Runs the model and writes the trace. Whole file or none.</summary>
    /// <param name="model">Generates.</param>
    /// <param name="path">The trace file.</param>
    /// <param name="program">Name and version of the program, for the file.</param>
    /// <param name="onStep">Called after each step.</param>
    /// <param name="cancellation">Looked at between steps.</param>
    /// <exception cref="PimSimUserException">The model cannot do it, or the file can't be written.</exception>
    public void Write(IEngineModel model, string path, string program, Action<Step> onStep, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        int[]? text = PromptText is null ? null : model.Tokenize(PromptText);
        GenerationRequest request = new(text?.Length ?? PromptTokens, GeneratedTokens, Sequences) { Settings = Technique.Settings, Seed = Seed };
        TraceHeader header = new()
        {
            Footprint = model.Footprint(Technique.Program, request),
            Program = program,
            Technique = Technique.Name,
            Backend = model.Backend,
            Machine = model.Machine,
            PromptTokens = request.PromptTokens,
            GeneratedTokens = GeneratedTokens,
            Seed = Seed,
        };

        if ((long)request.PromptTokens * Sequences > Array.MaxLength)
        {
            throw new PimSimUserException($"{Sequences} prompts of {request.PromptTokens} tokens are more than PimSim runs at once; {Array.MaxLength} tokens are the most");
        }

        bool timed = model.Machine.Length > 0;
        if (!timed && WarmUpSteps > 0)
        {
            throw new PimSimUserException($"a warm-up is for backends whose operators are timed; the {model.Backend} backend computes nothing");
        }

        int[] prompt = Prompt(model, request, text);
        int unrecorded = WarmUpSteps ?? (timed ? DefaultWarmUpSteps : 0);
        if (unrecorded > 0)
        {
            foreach (Step _ in model.Run(Technique.Program, request, prompt).Take(unrecorded))
            {
                cancellation.ThrowIfCancellationRequested();
            }
        }

        TraceFile.Write(path, header, Watched(model.Run(Technique.Program, request, prompt), onStep), cancellation);
    }

    private int[] Prompt(IEngineModel model, GenerationRequest request, int[]? text)
    {
        int[] prompt = new int[request.PromptTokens * request.Sequences];
        Random random = new(unchecked((int)(Seed ^ (Seed >>> 32))));
        for (int i = 0; i < prompt.Length; i++)
        {
            prompt[i] = text is not null ? text[i % text.Length] : i % request.PromptTokens == 0 && model.BeginToken >= 0 ? model.BeginToken : random.Next(model.Vocab);
        }

        return prompt;
    }

    private static IEnumerable<Step> Watched(IEnumerable<Step> steps, Action<Step> onStep)
    {
        foreach (Step step in steps)
        {
            yield return step;
            onStep(step);
        }
    }
}
