using System.Numerics;

namespace PimSim.Devices.Asic;

/// <summary>
/// The stages of a row function and what each asks for at any length: adds and multiplies are affine in the length, the
/// depth is affine in ceil(log2 length). Two runs of the function under <see cref="CountingArithmetic"/> fix the
/// coefficients, so that they can't differ from the numerics.
/// </summary>
public sealed class OperationProfile
{
    // ceil(log2) of these is 1 and 2, and rotary embedding needs even lengths.
    private const int ShortLength = 2;
    private const int LongLength = 4;

    private readonly StageProfile[] _stages;

    private OperationProfile(StageProfile[] stages)
    {
        _stages = stages;
    }

    /// <summary>Number of stages.</summary>
    public int Stages => _stages.Length;

    /// <summary>Counts a function.</summary>
    /// <param name="precision">Precision of the special functions.</param>
    /// <param name="function">Runs the function once on a row of the given length.</param>
    public static OperationProfile Measure(SeriesPrecision precision, Action<RowFunctions<CountedWord, CountingArithmetic>, int> function)
    {
        IReadOnlyList<OperationCount> shorter = Count(precision, function, ShortLength);
        IReadOnlyList<OperationCount> longer = Count(precision, function, LongLength);
        return new([.. shorter.Zip(longer, StageProfile.Through)]);
    }

    /// <summary>Runs a function once under the counting arithmetic and returns its stages.</summary>
    public static IReadOnlyList<OperationCount> Count(
        SeriesPrecision precision,
        Action<RowFunctions<CountedWord, CountingArithmetic>, int> function,
        int length)
    {
        CountingArithmetic counting = CountingArithmetic.Start();
        function(new(counting, precision), length);
        return counting.Stages;
    }

    /// <summary>What one stage asks for, for one row of <paramref name="length"/> elements.</summary>
    public OperationCount At(int stage, long length) => _stages[stage].At(length);

    private readonly record struct StageProfile(
        long FixedAdds,
        long AddsPerElement,
        long FixedMultiplies,
        long MultipliesPerElement,
        int FixedDepth,
        int DepthPerLevel)
    {
        public static StageProfile Through(OperationCount shorter, OperationCount longer)
        {
            long addsPerElement = (longer.Adds - shorter.Adds) / (LongLength - ShortLength);
            long multipliesPerElement = (longer.Multiplies - shorter.Multiplies) / (LongLength - ShortLength);
            int depthPerLevel = longer.Depth - shorter.Depth;
            return new(
                shorter.Adds - (addsPerElement * ShortLength),
                addsPerElement,
                shorter.Multiplies - (multipliesPerElement * ShortLength),
                multipliesPerElement,
                shorter.Depth - depthPerLevel,
                depthPerLevel);
        }

        public OperationCount At(long length) => checked(new(
            FixedAdds + (AddsPerElement * length),
            FixedMultiplies + (MultipliesPerElement * length),
            FixedDepth + (DepthPerLevel * CeilingLog2(length))));

        private static int CeilingLog2(long length) => 64 - BitOperations.LeadingZeroCount((ulong)(length - 1));
    }
}
