using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(PimSim.Benchmarks.ChannelBenchmarks).Assembly).Run(args);
