using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Devices.Tests.Dram.Controller;

/// <summary>The order that keys give, and that they hold what they are made of.</summary>
public class CandidateKeyTests
{
    [Fact]
    public void Keys_order_by_bus_then_priority_then_age_and_return_their_parts()
    {
        Random random = new(5);
        for (int i = 0; i < 10_000; i++)
        {
            Candidate one = Candidate.Draw(random);
            Candidate other = Candidate.Draw(random);
            Assert.Equal(one.Bank, CandidateKey.Bank(one.Key));
            Assert.Equal(one.Wait, CandidateKey.WaitOf(one.Key));
            Assert.Equal(one.Priority == CandidateKey.First, CandidateKey.IsFirst(one.Key));
            Assert.True(one.Key < CandidateKey.None);
            Assert.True(CandidateKey.OnOneBus(one.Key) <= one.Key);

            int expected = (one.OwnBus, one.Priority, one.Sequence).CompareTo((other.OwnBus, other.Priority, other.Sequence));
            if (expected != 0)
            {
                Assert.Equal(expected, Math.Sign(one.Key.CompareTo(other.Key)));
            }

            // Above all: the cycle.
            int cycle = random.Next(1 << 30);
            Choice early = new(cycle, one.Key);
            Assert.Equal((cycle, one.Key), (early.Cycle, early.Key));
            Assert.True(early.Packed < new Choice(cycle + 1, 0).Packed);
            Assert.True(early.Packed < Choice.None.Packed);
        }
    }

    [Fact]
    public void More_waiting_requests_than_keys_can_order_are_refused()
    {
        DramSpecification memory = DramCatalogue.Open("hbm2-2.0");
        ControllerPolicy policy = ControllerCatalogue.Open("frfcfs") with { Queues = QueueStructure.PerBank, BankQueueSize = 4096 };
        PimSimUserException fault = Assert.Throws<PimSimUserException>(() => new DramController(memory, policy));
        Assert.Contains("'frfcfs' lets 131072 requests wait in a channel of 32 banks; at most 131071", fault.Message, StringComparison.Ordinal);
    }

    private sealed record Candidate(Wait Wait, int Priority, int Sequence, int Bank, bool Split)
    {
        public bool OwnBus => Split && Wait >= Wait.Activate;

        public uint Key => CandidateKey.OfKind(Wait, Priority, Split) | CandidateKey.OfRequest(Sequence, Bank);

        public static Candidate Draw(Random random) => new(
            (Wait)random.Next(LaneTimings.Waits), random.Next(CandidateKey.IdleClose + 1), random.Next(CandidateKey.LastSequence + 1), random.Next(CandidateKey.MostBanks), random.Next(2) == 0);
    }
}
