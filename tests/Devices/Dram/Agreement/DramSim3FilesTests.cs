using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Configurations;
using PimSim.Devices.Dram.Mapping;
using PimSim.Devices.Dram.Requests;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>DRAMsim3's own files, a configuration and a trace of addresses, give the commands that it gave.</summary>
public class DramSim3FilesTests
{
    public static TheoryData<string, string> Cases =>
        [.. GoldenCase.Matched.Where(each => each.Folder.StartsWith("dramsim3", StringComparison.Ordinal)).Select(each => (each.Folder, each.Trace))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Configuration_and_trace_give_the_same_commands(string folder, string trace)
    {
        GoldenCase golden = new(folder, trace, "dramsim3");
        DramSim3Configuration configuration = golden.Configuration();
        DramSpecification memory = DramSim3Memory.Resolve(configuration);
        AddressMapping mapping = AddressMapping.Parse(configuration.AddressMapping, memory.Organization, configuration.Channels);
        List<DramRequest> requests = golden.Requests();
        using TemporaryText file = new(string.Concat(requests.Select(request => Line(request, mapping))), ".trace");
        using IRequestSource source = RequestFile.Open(file.Path, mapping);
        OwnRun own = OwnRun.Of(memory, DramSim3Memory.Policy(configuration), source, requests.Count);

        CommandAgreement agreement = new(own.Commands, golden.Theirs().Commands);
        Assert.True(agreement.OnlyOurs.Count == 0 || agreement.OursOnlyWritesBehindTheEnd);
        Assert.True(agreement.TheirsOnlyRefreshesBehindTheEnd);
    }

    private static string Line(in DramRequest request, AddressMapping mapping)
    {
        long address = mapping.AddressOf(new DramLocation(0, request.Bank, request.Row, request.Column));
        return $"0x{address:x} {(request.IsWrite ? "WRITE" : "READ")} {request.ArrivalCycle}\n";
    }
}
