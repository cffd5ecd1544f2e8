namespace PimSim.Traces.Training.Text;

/// <summary>What a document is.</summary>
internal enum TextKind
{
    /// <summary><see cref="StoryText"/>.</summary>
    Story,

    /// <summary><see cref="ArithmeticText"/>.</summary>
    Arithmetic,

    /// <summary><see cref="CodeText"/>.</summary>
    Code,

    /// <summary><see cref="RecallText"/>.</summary>
    Recall,
}
