using System.Globalization;
using PimSim.Devices.Gpu;
using PimSim.Devices.Systems;
using PimSim.Experiments.Calibration;
using PimSim.Experiments.Files;
using PimSim.Experiments.Validation;
using PimSim.Experiments.Validation.Runs;
using PimSim.Traces.Format.Measurements;

namespace PimSim.Experiments.Tests.Calibration;

/// <summary>Runs in the columns of splitwise-sim, as they would have been measured on a GPU with a stack of known host costs, in a folder of their own.</summary>
internal sealed class SyntheticRuns : IDisposable
{
    private const string StackName = "vllm-2023";
    private const string Header = "model,hardware,prompt_size,batch_size,token_size,peak_power,average_power,prompt_time,token_time,e2e_time,tensor_parallel";

    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-runs-").FullName;
    private readonly HardwareCatalogue _catalogue = new(null);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The shipped stack.</summary>
    public GpuStack Stack(string device) => GpuParts.Open(_catalogue, device, StackName).Stack;

    /// <summary>Writes runs of models over numbers of GPUs.</summary>
    public string Write(string device, GpuStack stack, string[] models, int[] gpus, string name = "perf_model.csv")
    {
        RunPredictor predictor = new(_catalogue, new ZooShapes(ExperimentReader.Zoo(null)), GpuParts.Open(_catalogue, device, StackName));
        string hardware = device == "a100-80" ? "a100-80gb" : "h100-80gb";
        string path = Path.Combine(_folder, name);
        File.WriteAllLines(path, [Header, .. from model in models from ranks in gpus from batch in (int[])[1, 8, 64] from prompt in (int[])[64, 1500] select Line(model, ranks, batch, prompt)]);
        return path;

        string Line(string model, int ranks, int batch, int prompt)
        {
            EndToEndMeasurement run = new()
            {
                Model = model,
                Hardware = hardware,
                Framework = "vLLM (2023)",
                Devices = ranks,
                Batch = batch,
                PromptTokens = prompt,
                OutputTokens = 32,
                File = path,
                Line = 1,
            };
            BatchFigures figures = predictor.Predict(run, stack);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{model},{hardware},{prompt},{batch},32,0,0,{figures.Prompt.Seconds * 1e3:F9},{figures.Token.Seconds * 1e3:F9},{figures.Total.Seconds * 1e3:F9},{ranks}");
        }
    }

    public static FamilyFit Fit(ValidationRequest request) => HostCalibration.Run(request, CalibrationData.Open(request), CancellationToken.None);

    public static FamilyFit Fit(string path, string device) => Fit(Request(path, device));

    public static ValidationRequest Request(string path, string device) => new([path], device, StackName);
}
