using System.Collections.Immutable;
using PimSim.Devices.Gpu;
using PimSim.Devices.Gpu.Kernels;
using PimSim.Devices.Systems;
using PimSim.Experiments.Files;
using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Calibration;

/// <summary>
/// Fits the energies of a generation of silicon on measured board power: the smaller of the board's limit and static power + dynamic energy over
/// measured time. Errors are told for groups left out of the fit.
/// </summary>
public static class SiliconCalibration
{
    /// <summary>Power of shorter kernels is an average over what ran before: NVML samples every few tens of milliseconds.</summary>
    public const double LeastNanoseconds = 100_000;

    private const double SecondsPerNanosecond = 1e-9;

    /// <summary>The constants of a silicon file, in the unit in which they are written.</summary>
    public static readonly ImmutableArray<KernelConstant> Definitions =
    [
        new("context", Dimension.Ratio, 0.02, 0.1, "%"),
        new("busy_multiprocessor", Dimension.Power, 1, 3000, "mW"),
        new("matrix_flop", Dimension.Energy, 0.01, 5, "pJ"),
        new("vector_flop", Dimension.Energy, 0.2, 5, "pJ"),
        new("cache", Dimension.EnergyPerBit, 0.001, 0.6, "pJ/bit"),
        new("memory", Dimension.EnergyPerBit, 1, 30, "pJ/bit"),
    ];

    /// <summary>Fits the silicon of a device.</summary>
    /// <exception cref="PimSimUserException">A file, the device or the stack is wrong, or too few rows have a power.</exception>
    public static SiliconFit Run(ValidationRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        HardwareCatalogue catalogue = new(request.Catalogue);
        GpuParts parts = GpuParts.Open(catalogue, request.Device, request.Stack);

        OperatorKernels kernels = new(parts.Gpu, parts.Stack);
        MeasurementOptions options = new() { Shapes = new ZooShapes(ExperimentReader.Zoo(request.Catalogue)) };
        List<(Measurement Row, KernelTime Kernel, DataType Type)> rows = [];
        foreach (Measurement row in request.Paths.SelectMany(path => MeasurementSet.Open(path, options).Measurements()))
        {
            cancellation.ThrowIfCancellationRequested();
            if (row is { Operators.Length: 1, Caution: null, BoardWatts: not null, Nanoseconds: >= LeastNanoseconds }
                && (request.Classes.IsEmpty || request.Classes.Contains(row.Class)))
            {
                rows.Add((row, kernels.Time(row.Operators[0]), row.Operators[0].ActivationType));
            }
        }

        if (rows.Count <= Definitions.Length)
        {
            throw new PimSimUserException($"{string.Join(", ", request.Paths)}: {rows.Count} rows of 100 us and more have a measured power; more than {Definitions.Length} are needed");
        }

        double Watts((Measurement Row, KernelTime Kernel, DataType Type) one, ImmutableArray<double> values)
        {
            GpuSilicon tried = With(values);
            return Math.Min(parts.Gpu.DesignPower.Watts, tried.StaticPower(parts.Gpu).Watts + (tried.Dynamic(one.Kernel, one.Type).Joules / (one.Row.Nanoseconds * SecondsPerNanosecond)));
        }

        ImmutableArray<double> old = Values(parts.Silicon);
        ImmutableArray<double> FitOn(List<(Measurement, KernelTime, DataType)> which) => ConstantFit.Run(
            Definitions,
            old,
            [.. which.Select(one => one.Item1.BoardWatts!.Value)],
            (values, into) =>
            {
                for (int i = 0; i < into.Length; i++)
                {
                    into[i] = Watts(which[i], values);
                }
            });

        List<double> leftOut = [];
        foreach (IReadOnlySet<string> without in GroupFolds.Of(rows.Select(one => one.Row.Group)))
        {
            ImmutableArray<double> fitted = FitOn([.. rows.Where(one => !without.Contains(one.Row.Group))]);
            leftOut.AddRange(rows.Where(one => without.Contains(one.Row.Group)).Select(one => Watts(one, fitted) / one.Row.BoardWatts!.Value));
        }

        return new SiliconFit(
            parts.Gpu.Architecture.ToString().ToLowerInvariant(),
            rows.Count,
            ErrorStatistics.Of(rows.Select(one => Watts(one, old) / one.Row.BoardWatts!.Value))!,
            ErrorStatistics.Of(leftOut)!,
            old,
            FitOn(rows));
    }

    private static GpuSilicon With(ImmutableArray<double> values) => new(
        values[0], values[1] * 1e-3 * SecondsPerNanosecond, values[2] * 1e-12, values[3] * 1e-12, values[4] * 8e-12, values[5] * 8e-12);

    private static ImmutableArray<double> Values(GpuSilicon silicon) =>
    [
        silicon.ContextShare,
        silicon.JoulesPerBusyNs / SecondsPerNanosecond * 1e3,
        silicon.JoulesPerMatrixFlop * 1e12,
        silicon.JoulesPerVectorFlop * 1e12,
        silicon.JoulesPerCacheByte / 8e-12,
        silicon.JoulesPerMemoryByte / 8e-12,
    ];
}
