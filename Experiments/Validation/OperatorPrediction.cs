namespace PimSim.Experiments.Validation;

/// <summary>What an operator is predicted to take.</summary>
/// <param name="Nanoseconds">Time of its kernels; 0 where the software fuses it into another operator.</param>
/// <param name="Kernels">How many they are; 0 where launches are part of the time.</param>
/// <param name="DynamicJoules">Energy beside what flows at all times; null where the device has no model of it.</param>
public readonly record struct OperatorPrediction(double Nanoseconds, int Kernels, double? DynamicJoules);
