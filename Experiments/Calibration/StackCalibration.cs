using System.Collections.Immutable;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Experiments.Validation;
using PimSim.Traces.Format.Documents;
using PimSim.Traces.Format.Measurements;
using PimSim.Traces.Format.Operators;

namespace PimSim.Experiments.Calibration;

/// <summary>
/// Fits the kernel families of a stack on measurements of one device. Errors are told for groups (models, shapes of weights) that were left out of
/// the fit, a quarter of them at a time; the constants themselves are then fitted on all.
/// </summary>
public static class StackCalibration
{
    /// <summary>A fit takes this many rows at most, chosen at random: more do not move a dozen constants.</summary>
    private const int MostRows = 1200;

    private const double NanosecondsPerPicosecond = 1e-3;

    /// <summary>Fits all families that some measurement belongs to.</summary>
    /// <exception cref="PimSimUserException">A file, the device or the stack is wrong, or no row belongs to a family.</exception>
    /// <param name="request">Device, stack, classes and threads.</param>
    /// <param name="data">What was measured.</param>
    /// <param name="cancellation">Looked at between rows and between predictions.</param>
    public static ImmutableArray<FamilyFit> Run(ValidationRequest request, CalibrationData data, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(data);
        HardwareCatalogue catalogue = new(request.Catalogue);
        GpuParts parts = GpuParts.Open(catalogue, request.Device, request.Stack);

        ImmutableArray<StackFamily> families = StackFamily.Of(parts.Stack, parts.Gpu.Architecture);
        Dictionary<StackFamily, List<Measurement>> rows = families.ToDictionary(family => family, _ => new List<Measurement>());
        int read = 0;
        foreach (Measurement row in data.Measurements())
        {
            cancellation.ThrowIfCancellationRequested();
            read++;
            bool wanted = request.Classes.IsEmpty || request.Classes.Contains(row.Class);
            if (wanted && row is { Caution: null } && IsOneKernelSort(row) && row.Span != MeasuredSpan.Launch
                && families.FirstOrDefault(family => family.Holds(row.Operators[0])) is { } family
                && parts.Stack.Kernels.Of(row.Operators[0]) > 0)
            {
                rows[family].Add(row);
            }
        }

        ImmutableArray<FamilyFit> fits =
        [
            .. from family in families
               where rows[family].Count > family.Definitions.Length
               select FoldedFit.Run(
                   family,
                   rows[family],
                   row => row.Group,
                   row => row.Nanoseconds,
                   MostRows,
                   (values, which, times) => PredictInto(family, values, which, parts, request.Threads, times, cancellation)),
        ];
        return fits.IsEmpty
            ? throw new PimSimUserException($"{string.Join(", ", request.Paths)}: none of {read} rows belongs to a kernel family of '{request.Stack}' on {parts.Gpu.Architecture}")
            : fits;
    }

    /// <summary>One operator, or experts: their products are of one family, and what is between them is predicted by the stack as it is.</summary>
    private static bool IsOneKernelSort(Measurement row) => row.Operators.Length == 1 || row is { Class: MeasurementClass.Moe, Operators: [{ Kind: OperatorKind.GroupedGemm }, ..] };

    private static void PredictInto(
        StackFamily family, ImmutableArray<double> values, IReadOnlyList<Measurement> rows, GpuParts parts, int threads, double[] into, CancellationToken cancellation)
    {
        // Compute does not touch the model's cache, so that threads share it.
        GpuCostModel model = new(parts.Gpu, parts.Silicon, family.With(values));
        Parallel.For(
            0,
            rows.Count,
            new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation },
            index =>
            {
                Measurement row = rows[index];
                double picoseconds = 0;
                foreach (Operator op in row.Operators)
                {
                    picoseconds += model.Compute(op).SpanPs(row.IsSustained);
                }

                into[index] = picoseconds * NanosecondsPerPicosecond;
            });
    }
}
