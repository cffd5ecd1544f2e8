using System.Globalization;
using BenchmarkDotNet.Running;
using PimSim.Benchmarks;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Mapping;

// "shape-trace MODEL PROMPT GENERATED [FILE]" times a whole trace on the Shape backend.
if (args is ["shape-trace", string traced, string prompt, string generated, ..])
{
    ShapeTrace.Measure(traced, int.Parse(prompt, CultureInfo.InvariantCulture), int.Parse(generated, CultureInfo.InvariantCulture), args.ElementAtOrDefault(4));
    return;
}

// "dram-trace MEMORY stream|random|sparse COUNT FILE" writes a trace for measuring the whole program; all else is BenchmarkDotNet's.
if (args is ["dram-trace", string memory, string kind, string count, string file])
{
    AddressMapping mapping = AddressMapping.Parse(ControllerCatalogue.Open(ControllerCatalogue.Default).Mapping, DramCatalogue.Open(memory).Organization, 1);
    new DramTraffic(mapping, kind).Write(file, long.Parse(count, CultureInfo.InvariantCulture));
    return;
}

// "cpu-decode MODEL fp32|fp16|bf16 TOKENS [THREADS]" decodes with random weights beside a plain read of memory.
if (args is ["cpu-decode", string decoded, string type, string tokens, .. string[] rest])
{
    CpuDecode.Run(decoded, type, int.Parse(tokens, CultureInfo.InvariantCulture), rest is [string threads] ? int.Parse(threads, CultureInfo.InvariantCulture) : Environment.ProcessorCount);
    return;
}

// "cpu-replay FITTED PREDICTED fp32|fp16|bf16 PROMPT TOKENS CPU-FILE" predicts the second model's recorded times from what the first achieved.
if (args is ["cpu-replay", string fitted, string predicted, string storage, string promptTokens, string generatedTokens, string machine])
{
    CpuReplay.Run(fitted, predicted, storage, int.Parse(promptTokens, CultureInfo.InvariantCulture), int.Parse(generatedTokens, CultureInfo.InvariantCulture), machine);
    return;
}

// "serving AZURE-CSV POLICY REQUESTS REPLICAS" counts output tokens per CPU second with an iteration that costs next to nothing to predict.
if (args is ["serving", string lengths, string policy, string requestCount, string replicaCount])
{
    ServingSpeed.Measure(lengths, policy, int.Parse(requestCount, CultureInfo.InvariantCulture), int.Parse(replicaCount, CultureInfo.InvariantCulture));
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(DramBenchmarks).Assembly).Run(args);
