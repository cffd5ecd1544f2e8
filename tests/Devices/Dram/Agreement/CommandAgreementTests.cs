using System.Globalization;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Devices.Dram.Requests;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Agreement;

/// <summary>The controllers that are modelled on another simulator's do what that one did: every command in the same cycle.</summary>
public class CommandAgreementTests
{
    // As many writes as DRAMsim3 leaves in its queue when nothing else comes.
    private const int MostLateWrites = 8;
    private const int CyclesBehindTheEnd = 2000;

    public static TheoryData<string, string, string> Cases => [.. GoldenCase.Matched.Select(each => (each.Folder, each.Trace, each.Preset))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Commands_are_the_same(string folder, string trace, string preset)
    {
        GoldenCase golden = new(folder, trace, preset);
        PeerRun theirs = golden.Theirs();
        CommandAgreement agreement = new(golden.Ours().Commands, theirs.Commands);

        int unissued = golden.Requests().Count(request => request.IsWrite) - theirs.Commands.Count(each => each.Command == DramCommand.WR);
        Assert.True(agreement.TheirsOnlyRefreshesBehindTheEnd, $"after {agreement.Same}: {string.Join("; ", agreement.OnlyTheirs.Take(3))}, not {string.Join("; ", agreement.OnlyOurs.Take(3))}");
        Assert.All(agreement.OnlyTheirs, each => Assert.InRange(each.Cycle, agreement.LastOfOurs, agreement.LastOfOurs + CyclesBehindTheEnd));
        Assert.True(agreement.OnlyOurs.Count == 0 || agreement.OursOnlyWritesBehindTheEnd, $"after {agreement.Same}: {string.Join("; ", agreement.OnlyOurs.Take(3))}");
        Assert.Equal(unissued, agreement.LateWrites);
        Assert.InRange(unissued, 0, preset == "dramsim3" ? MostLateWrites : 0);
    }

    /// <summary>Writes are done there when they wait (DRAMsim3) or are issued (Ramulator), so only their acceptance compares.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Requests_are_accepted_and_read_in_the_same_cycles(string folder, string trace, string preset)
    {
        GoldenCase golden = new(folder, trace, preset);
        List<DramRequest> requests = golden.Requests();
        List<Service> theirs = golden.Theirs().Services;
        OwnRun ours = golden.Ours();

        Assert.Equal(theirs.Select(each => each.Accepted), ours.Services.Select(each => each.Accepted));
        int later = 0;
        foreach (DramRequest read in requests.Where(request => !request.IsWrite))
        {
            (Service own, Service other) = (ours.Services[read.Id], theirs[(int)read.Id]);

            // Ramulator returns a read that a waiting write answered only behind the reads that are on their way already.
            bool isAnswered = own.Done == own.Accepted + 1;
            later += isAnswered && other.Done > own.Done ? 1 : 0;
            Assert.True(own.Done == other.Done || isAnswered, $"{read}: {own.Done}, there {other.Done}");
        }

        Assert.Equal(preset == "ramulator" ? ours.Statistics.ForwardedReads : 0, later);
    }

    /// <summary>What the simulators themselves say, Ramulator in six digits. It does not count reads that a waiting write answered, but
    /// their cycles.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Mean_read_latency_is_the_reported_one(string folder, string trace, string preset)
    {
        GoldenCase golden = new(folder, trace, preset);
        string[] summary = File.ReadLines(SharedData.Require("golden/dram/summary.csv")).Select(line => line.Split(',')).Single(fields => fields[0] == folder && fields[1] == trace);
        double reported = double.Parse(summary[7], CultureInfo.InvariantCulture);
        ChannelStatistics statistics = golden.Ours().Statistics;
        long uncounted = preset == "ramulator" ? statistics.ForwardedReads : 0;
        double own = statistics.Reads == 0 ? 0 : statistics.ReadLatency.Mean * statistics.Reads / (statistics.Reads - uncounted);
        Assert.Equal(reported, own, reported * 1e-5);
    }
}
