namespace PimSim.Devices.Asic;

/// <summary>
/// What the ASIC can do with a 32-bit word. The special functions are written once over this interface:
/// <see cref="FloatArithmetic"/> computes them, <see cref="CountingArithmetic"/> counts the adders and multipliers that
/// they keep busy. There is no branch on a value, as in the hardware, so the count does not depend on the data.
/// </summary>
/// <typeparam name="T">A word: a number for the one, a place in the data-flow graph for the other.</typeparam>
public interface IArithmetic<T>
    where T : struct
{
    /// <summary>A constant held in the hardware. Free.</summary>
    T Constant(float value);

    /// <summary>A constant word given by its bits. Free.</summary>
    T ConstantBits(uint bits);

    /// <summary>a + b. One pass through an adder.</summary>
    T Add(T a, T b);

    /// <summary>a - b. One pass through an adder.</summary>
    T Subtract(T a, T b);

    /// <summary>a * b. One pass through a multiplier.</summary>
    T Multiply(T a, T b);

    /// <summary>Sum of the two words as 32-bit integers, without carry out. One pass through an adder.</summary>
    T AddBits(T a, T b);

    /// <summary>Difference of the two words as 32-bit integers. One pass through an adder.</summary>
    T SubtractBits(T a, T b);

    /// <summary>The word moved by a fixed number of places to the left. Wires, free.</summary>
    T ShiftLeft(T a, int places);

    /// <summary>The word moved by a fixed number of places to the right, zeros moved in. Wires, free.</summary>
    T ShiftRight(T a, int places);

    /// <summary>The bits of <paramref name="a"/> that <paramref name="keep"/> marks, with those of <paramref name="set"/> at 1. Wires, free.</summary>
    T MaskBits(T a, uint keep, uint set);

    /// <summary><paramref name="ifNegative"/> where <paramref name="sign"/> is below 0, else <paramref name="otherwise"/>. A multiplexer, free.</summary>
    T Select(T sign, T ifNegative, T otherwise);

    /// <summary>
    /// Ends a stage: what follows starts when every result so far is there. Operations between two calls may overlap as
    /// far as their operands allow.
    /// </summary>
    void EndStage();
}
