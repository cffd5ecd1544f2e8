using BenchmarkDotNet.Attributes;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Mapping;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Benchmarks;

/// <summary>The DRAM controller by itself: requests from memory, no trace written. The mean is per request.</summary>
[MemoryDiagnoser]
public class DramBenchmarks
{
    private const int Count = 1_000_000;

    /// <summary>Consecutive bursts lie in one row, as in the runs of the other simulators.</summary>
    private const string Mapping = "RoBaBgRaPcCoCh";

    private DramSpecification _memory = null!;
    private ControllerPolicy _policy = null!;
    private DramRequest[] _requests = [];

    /// <summary>Memory of the catalogue.</summary>
    [Params("ddr4-2400-8gb-x8", "hbm2-2.0")]
    public string Memory { get; set; } = "";

    /// <summary>Traffic.</summary>
    [Params("stream", "random", "sparse")]
    public string Traffic { get; set; } = "";

    /// <summary>Controller.</summary>
    [Params("frfcfs")]
    public string Policy { get; set; } = "";

    /// <summary>Makes the requests.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _memory = DramCatalogue.Open(Memory);
        _policy = ControllerCatalogue.Open(Policy);
        _requests = new DramTraffic(AddressMapping.Parse(Mapping, _memory.Organization, 1), Traffic).Requests(Count);
    }

    /// <summary>Simulates all requests; returns the cycles.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public long Simulate()
    {
        DramController controller = new(_memory, _policy);
        long next = 0;
        foreach (ref readonly DramRequest request in _requests.AsSpan())
        {
            next = controller.Accept(request, Math.Max(request.ArrivalCycle, next)) + 1;
        }

        return controller.Finish().Cycles;
    }
}
