using System.Globalization;
using PimSim.Devices.Dram.Mapping;
using PimSim.Devices.Dram.Requests;

namespace PimSim.Benchmarks;

/// <summary>The three kinds of traffic that DRAM simulators are compared on, made from splitmix64 with seed 1.</summary>
public sealed class DramTraffic(AddressMapping mapping, string kind)
{
    private const long SparseInterval = 200;

    private ulong _state = 1;

    /// <summary>stream: consecutive reads as fast as accepted; random: half reads, half writes over the whole memory, as fast as accepted;
    /// sparse: one random read every 200 cycles.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["stream", "random", "sparse"];

    /// <summary>The next request: address, direction, arrival.</summary>
    public (long Address, bool IsWrite, long Arrival) Next(long id)
    {
        int access = mapping.Organization.AccessBytes;
        if (kind == "stream")
        {
            return (id * access % mapping.Bytes, false, 0);
        }

        long address = (long)(Random() % (ulong)mapping.Bytes) / access * access;
        return kind == "random" ? (address, (Random() & 1) == 0, 0) : (address, false, id * SparseInterval);
    }

    /// <summary>So many requests in memory.</summary>
    public DramRequest[] Requests(int count)
    {
        DramRequest[] requests = new DramRequest[count];
        for (int id = 0; id < count; id++)
        {
            (long address, bool isWrite, long arrival) = Next(id);
            DramLocation location = mapping.Map(address);
            requests[id] = new DramRequest(id, arrival, location.Channel, location.Bank, location.Row, location.Column, isWrite);
        }

        return requests;
    }

    /// <summary>So many requests as a DRAMsim3 trace.</summary>
    public void Write(string path, long count)
    {
        using StreamWriter writer = new(path) { NewLine = "\n" };
        for (long id = 0; id < count; id++)
        {
            (long address, bool isWrite, long arrival) = Next(id);
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"0x{address:X} {(isWrite ? "WRITE" : "READ")} {arrival}"));
        }
    }

    private ulong Random()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
