using PimSim.Devices.Dram.Controller;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>Controller files with one thing wrong.</summary>
public class ControllerFaultTests
{
    private const string Split = "kind: dram-controller\nsummary: \"mine\"\nqueues: split\narbitration: row-hit-first\npage: open\nrefresh: all-bank\n";

    [Theory]
    [InlineData("queues: split", "queues: split\nbankQueue: 4", "'bankQueue' has no effect with 'queues: split'; leave it out")]
    [InlineData("queues: split", "queues: per-bank\nreadQueue: 4", "'readQueue' has no effect with 'queues: per-bank'")]
    [InlineData("queues: split", "queues: per-bank\nwriteQueue: 4", "'writeQueue' has no effect with 'queues: per-bank'")]
    [InlineData("queues: split", "queues: staged\nwriteHighWatermark: 4", "'writeHighWatermark' has no effect with 'queues: staged'")]
    [InlineData("queues: split", "queues: per-bank\nwriteLowWatermark: 4", "'writeLowWatermark' has no effect with 'queues: per-bank'")]
    [InlineData("queues: split", "queues: split\nrowHitCap: 0\ncapHoldsHits: true", "'capHoldsHits' has no effect with 'rowHitCap: 0'")]
    [InlineData("page: open", "page: closed\npageTimeoutCycles: 9", "'pageTimeoutCycles' has no effect with 'page: closed'")]
    [InlineData("refresh: all-bank", "refresh: none\nstaggersRefresh: true", "'staggersRefresh' has no effect with 'refresh: none'")]
    [InlineData("refresh: all-bank", "refresh: per-bank\nrefreshClosesSingly: true", "'refreshClosesSingly' has no effect with 'refresh: per-bank'")]
    [InlineData("queues: split", "queues: split\nwriteHighWatermark: 40", "40 writes never wait in a queue of 32")]
    [InlineData("queues: split", "queues: split\nwriteLowWatermark: 24", "must be below the high watermark of 24")]
    [InlineData("page: open", "page: opne", "did you mean 'open'?")]
    public void A_fault_is_told_with_its_place(string old, string replacement, string message)
    {
        Assert.Null(Fault(Split));
        string? fault = Fault(Split.Replace(old, replacement, StringComparison.Ordinal));
        Assert.NotNull(fault);
        Assert.Contains(message, fault, StringComparison.Ordinal);
        Assert.Matches(@"mine\.yaml:\d+:\d+: ", fault);
        Assert.DoesNotContain('\n', fault);
    }

    private static string? Fault(string text)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "mine.yaml");
        File.WriteAllText(path, text);
        try
        {
            ControllerCatalogue.Open(path);
            return null;
        }
        catch (PimSimUserException fault)
        {
            return fault.Message;
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }
}
