namespace PimSim.Experiments.Validation;

/// <summary>Why a row is not compared.</summary>
public enum SkipCause
{
    /// <summary>It is known to be wrong.</summary>
    Caution,

    /// <summary>No operators stand for it.</summary>
    Unmatched,

    /// <summary>Device or software has nothing for it.</summary>
    NotPredicted,

    /// <summary>Its class was not asked for.</summary>
    NotChosen,
}
