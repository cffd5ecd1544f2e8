using System.Collections.Immutable;
using PimSim.Traces.Engine.Models;
using PimSim.Traces.Engine.Weights;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Engine.HuggingFace;

/// <summary>How a file holds a matrix [outputs, inputs].</summary>
internal enum MatrixLayout : byte
{
    /// <summary>As it is needed; several tensors follow one another.</summary>
    Rows,

    /// <summary>[inputs, outputs] (GPT-2's Conv1D).</summary>
    Transposed,

    /// <summary>One tensor whose rows are, head by head, a query head, its key head and its value head (GPT-NeoX).</summary>
    HeadByHead,
}

/// <summary>Where the matrix of a role lies: <c>.weight</c> and, if the role has one, <c>.bias</c> of these tensors.</summary>
internal sealed record MatrixSource(MatrixLayout Layout, ImmutableArray<string> Stems);

/// <summary>What a config.json says.</summary>
/// <param name="Shape">The model; the storage of weights is not known yet.</param>
/// <param name="Numerics">The numbers beside the weights.</param>
internal sealed record ModelConfig(ModelShape Shape, ModelNumerics Numerics);

/// <summary>
/// One way in which Hugging Face models name their configuration and their tensors. A family reads from a config.json every key that decides
/// shapes or arithmetic; what is left over is refused by <see cref="ConfigFile"/>.
/// </summary>
internal abstract class ModelFamily
{
    /// <summary>The values of <c>model_type</c> that this family reads.</summary>
    public abstract ImmutableArray<string> ModelTypes { get; }

    /// <summary>What stands before the names of all tensors but the output head's; a file uses one of them.</summary>
    public abstract ImmutableArray<string> Prefixes { get; }

    /// <summary>The token embedding, without prefix.</summary>
    public abstract string TokenEmbedding { get; }

    /// <summary>The position embedding, without prefix; null if there is none.</summary>
    public virtual string? PositionEmbedding => null;

    /// <summary>Rows of the position embedding before the one of position 0.</summary>
    public virtual int PositionOffset => 0;

    /// <summary>The output head, without prefix because it stands outside of the transformer.</summary>
    public virtual string Head => "lm_head.weight";

    /// <summary>Reads the keys that matter. Faults are reported, and reading goes on.</summary>
    public abstract ModelConfig Read(ConfigFile config);

    /// <summary>The stem of a normalisation's <c>.weight</c> and <c>.bias</c>, without prefix.</summary>
    public abstract string Norm(OperatorRole role, int layer);

    /// <summary>Where the matrix of a role lies, without prefix.</summary>
    public abstract MatrixSource Matrix(OperatorRole role, int layer);

    /// <summary>True for a tensor that is no weight: causal masks and rotary frequencies, which old files hold too.</summary>
    public abstract bool IsBuffer(string name);

    /// <summary>A bug of the caller.</summary>
    protected static ArgumentOutOfRangeException Unknown(OperatorRole role) => new(nameof(role), role, "this role has no weights of this kind");
}
