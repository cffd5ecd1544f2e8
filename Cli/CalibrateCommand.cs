using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using PimSim.Devices.Systems;
using PimSim.Experiments.Calibration;
using PimSim.Experiments.Validation;
using PimSim.Reports.Validation;
using PimSim.Traces.Format.Documents;

namespace PimSim.Cli;

/// <summary><c>pimsim calibrate DATA...</c>: fits a stack's kernel constants on measurements.</summary>
internal static class CalibrateCommand
{
    public static Command Create()
    {
        Argument<string[]> data = new("DATA") { Description = "Files of measurements, or folders of them; docs/validation.md lists the formats.", Arity = ArgumentArity.OneOrMore };
        Option<string> device = new("--device") { Description = "The GPU that was measured: a name of Devices/Catalogue/gpus.", Required = true };
        Option<string> stack = new("--stack") { Description = "The stack to fit: a name of 'pimsim list stacks'. Its constants are where the fit starts.", Required = true };
        Option<string?> classes = new("--class") { Description = $"Use these classes only, with commas between: {string.Join(", ", MeasurementClasses.Words)}." };
        Option<FileInfo?> output = new("--out") { Description = "Write the stack file with the fitted constants here. Default: only show them." };
        Option<bool> energy = new("--energy") { Description = "Fit the energies of the device's silicon on measured board power instead, and show them. Does not go with --out." };
        Option<int> threads = new("--threads") { Description = "Threads; the result does not depend on them. Default: all cores.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<DirectoryInfo?> catalogue = ShowCommand.CatalogueOption();
        threads.Validators.Add(RunCommand.RequirePositive);
        Command command = new("calibrate", "Fits the kernel constants of a stack on measured times, or the costs of its host on runs of whole models, and tells the errors on groups (models, shapes of weights, numbers of GPUs) left out of the fit.")
        {
            data, device, stack, classes, output, energy, threads, catalogue,
        };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(energy) && parsed.GetValue(output) is not null)
            {
                parsed.AddError("--energy shows the energies; enter them into Devices/Catalogue/silicon by hand. It does not go with --out");
            }

            if (parsed.GetValue(energy) && parsed.GetResult(threads) is { Implicit: false })
            {
                parsed.AddError("--energy takes a second on one thread; it does not go with --threads");
            }
        });
        command.SetAction(parsed => Run(
            new ValidationRequest([.. parsed.GetRequiredValue(data)], parsed.GetRequiredValue(device), parsed.GetRequiredValue(stack))
            {
                Classes = ValidateCommand.ClassesOf(parsed.GetValue(classes)),
                Threads = parsed.GetValue(threads),
                Catalogue = parsed.GetValue(catalogue)?.ToString(),
            },
            parsed.GetValue(energy),
            parsed.GetValue(output)?.ToString()));
        return command;
    }

    private static int Run(ValidationRequest request, bool energy, string? output)
    {
        using Interruption interruption = new();
        if (energy)
        {
            SiliconFit silicon = SiliconCalibration.Run(request, interruption.Token);
            ScreenTables.Print(CalibrationTables.Errors(silicon));
            ScreenTables.Print(CalibrationTables.Constants(silicon));
            return 0;
        }

        var data = CalibrationData.Open(request);
        ImmutableArray<FamilyFit> fits = data.Runs.Count > 0
            ? [HostCalibration.Run(request, data, interruption.Token)]
            : StackCalibration.Run(request, data, interruption.Token);
        ScreenTables.Print(CalibrationTables.Errors(fits));
        ScreenTables.Print(CalibrationTables.Constants(fits));
        if (output is not null)
        {
            string file = new HardwareCatalogue(request.Catalogue).Stacks.Open(request.Stack, new ProblemList()).Root.File;
            string source = string.Create(
                CultureInfo.InvariantCulture,
                $"pimsim calibrate {string.Join(' ', request.Paths)} --device {request.Device} --stack {request.Stack}{ClassesIn(request)}; rows and errors: docs/validation.md");
            string text = StackFileEditor.Replace(file, File.ReadAllText(file), fits, $"fit-{request.Device}", source);
            AtomicFile.WriteText(output, text);
            Console.Error.WriteLine($"wrote {output}");
        }

        return 0;
    }

    private static string ClassesIn(ValidationRequest request) =>
        request.Classes.IsEmpty ? "" : $" --class {string.Join(',', request.Classes.Select(MeasurementClasses.Word))}";
}
