namespace PimSim.Traces.Format.Documents;

/// <summary>
/// The input is wrong, not PimSim: the command line prints the message alone and ends with exit code 2.
/// </summary>
public class PimSimUserException : Exception
{
    /// <summary>Creates the error with its whole, user-readable message.</summary>
    public PimSimUserException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its whole, user-readable message and the fault behind it.</summary>
    public PimSimUserException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
