using PimSim.Experiments.Files;
using PimSim.Experiments.Serving;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Experiments.Tests;

/// <summary>A file that can spoil an experiment must be in the hash of its inputs, whoever names it and however deep.</summary>
public sealed class ExperimentInputsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pimsim-inputs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("dgx-a100", "links/nvlink3.yaml", "collectives/vllm-custom-allreduce-graph.yaml")]
    [InlineData("mine", "stacks/vllm-2023.yaml", "stacks/sarathi-2024.yaml", "links/nvlink4.yaml", "collectives/nccl-2.27.yaml", "silicon/hopper.yaml")]
    [InlineData("lamina-2-4", "links/nvlink4.yaml", "network-software/", "collectives/vllm-custom-allreduce-graph.yaml")]
    [InlineData("xeon-6154", "cpus/", "memories/", "standards/")]
    public void Every_file_that_can_spoil_an_experiment_is_in_its_hash(string system, params string[] among)
    {
        Copy(Path.Combine(AppContext.BaseDirectory, "Catalogue"), Path.Combine(_folder, "catalogue"));
        File.WriteAllText(Path.Combine(_folder, "x.yaml"), $"title: inputs\ncatalogue: catalogue\nmodels: [llama-2-7b]\nsystems: [{system}]\nserving: {{}}\nrequests: {{arrivals: at-once, count: 1, lengths: {{input: 1, output: 1}}}}\n");
        File.WriteAllText(Path.Combine(_folder, "catalogue", "systems", "mine.yaml"), "kind: system\nsummary: kernels of another stack, on two GPUs\ntype: gpu\ngpu: h100-sxm\ngpus: 2\nstack: vllm-2023\nprice: h100-sxm\n");
        string hash = Hash();
        List<string> inputs = [];
        foreach (string file in Directory.GetFiles(Path.Combine(_folder, "catalogue"), "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string text = File.ReadAllText(file);
            File.WriteAllText(file, "spoilt: [");
            bool isInput = false;
            try
            {
                Hash();
            }
            catch (PimSimUserException)
            {
                isInput = true;
                inputs.Add(Path.GetRelativePath(Path.Combine(_folder, "catalogue"), file));
            }

            File.WriteAllText(file, text + "# changed\n");
            Assert.True(isInput == (Hash() != hash), file);
            File.WriteAllText(file, text);
        }

        Assert.Contains("models/llama-2-7b.yaml", inputs);
        Assert.Contains($"systems/{system}.yaml", inputs);
        Assert.All(among, part => Assert.Contains(inputs, input => input.StartsWith(part, StringComparison.Ordinal)));
    }

    private string Hash() => ServingExperimentReader.Read(ExperimentFile.Open(Path.Combine(_folder, "x.yaml"))).InputHash;

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*.yaml", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
