using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Validation;

/// <summary>A device with its software as validation sees it. Used by one thread at a time.</summary>
public interface IOperatorPredictor
{
    /// <summary>Power at all times of a running program, in watts; null where the device has no model of it.</summary>
    double? StaticWatts { get; }

    /// <summary>Predicts an operator in its own data types.</summary>
    /// <param name="op">The operator.</param>
    /// <param name="sustained">Whether it runs long enough for the board to reach its power limit; a benchmark of some milliseconds does not.</param>
    /// <exception cref="Traces.Format.Documents.PimSimUserException">Device or software has nothing for it.</exception>
    OperatorPrediction Predict(in Operator op, bool sustained);

    /// <summary>Time with launches: the host issues kernels one after the other while those before still run.</summary>
    /// <param name="kernels">Kernels, all as long.</param>
    /// <param name="nanoseconds">Their time, one after the other.</param>
    double WithLaunches(int kernels, double nanoseconds);

    /// <summary>FLOPs at the peak rate of the data sheet and bytes at its peak bandwidth: what a roofline is made of.</summary>
    RooflineTerms Roofline(in Operator op);
}
