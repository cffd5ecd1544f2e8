using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>One way to lay a trace out in bytes. Both directions hold one piece of the trace at a time.</summary>
internal interface ITraceFormat
{
    /// <summary>Writes a whole trace.</summary>
    /// <exception cref="ArgumentException">A step breaks <see cref="TraceRules"/>.</exception>
    void Write(Stream stream, TraceHeader header, IEnumerable<Step> steps);

    /// <summary>Reads the header alone.</summary>
    /// <exception cref="Documents.PimSimUserException">Not such a file.</exception>
    TraceHeader ReadHeader(Stream stream, string file);

    /// <summary>Reads all steps; the file's end is checked when the last has been taken.</summary>
    /// <exception cref="Documents.PimSimUserException">The file is wrong, with the place.</exception>
    IEnumerable<Step> ReadSteps(Stream stream, string file);
}
