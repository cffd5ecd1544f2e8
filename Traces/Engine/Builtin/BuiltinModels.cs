using PimSim.Traces.Format.Documents;

namespace PimSim.Traces.Engine.Builtin;

/// <summary>
/// The models that ship beside the program: a byte-level LLaMA of two million parameters, a smaller one that drafts for it, and draft
/// heads. All are toys, trained on generated text by Traces/Training (docs/builtin-model.md). A token is a byte; two more stand
/// for begin and end, and the vocabulary is padded to 272.
/// </summary>
public static class BuiltinModels
{
    /// <summary>Token that begins a text.</summary>
    public const int BeginToken = 256;

    /// <summary>Token that ends a text.</summary>
    public const int EndToken = 257;

    /// <summary>Number of draft heads; head k proposes the token after the next k + 1.</summary>
    public const int DraftHeadCount = 3;

    /// <summary>Hugging Face folder of the main model.</summary>
    /// <exception cref="PimSimUserException">The installation lacks it.</exception>
    public static string Main => Require(Path.Combine("main", "model.safetensors"), folder: true);

    /// <summary>Hugging Face folder of the draft model; same vocabulary and context as <see cref="Main"/>.</summary>
    /// <exception cref="PimSimUserException">The installation lacks it.</exception>
    public static string Draft => Require(Path.Combine("draft", "model.safetensors"), folder: true);

    /// <summary>
    /// Safetensors file of the draft heads of <see cref="Main"/>: <c>heads.K.linear.weight</c> [hidden, hidden] and
    /// <c>heads.K.linear.bias</c> [hidden]. With x the main model's state after its last normalisation, the head's logits are the main
    /// model's output head applied to x + silu(weight x + bias).
    /// </summary>
    /// <exception cref="PimSimUserException">The installation lacks it.</exception>
    public static string DraftHeads => Require("heads.safetensors", folder: false);

    private static string Require(string file, bool folder)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Builtin", file);
        return !File.Exists(path)
            ? throw new PimSimUserException($"{path}: the built-in model is missing from this installation; it belongs into the folder Builtin beside the program")
            : folder ? Path.GetDirectoryName(path)! : path;
    }
}
