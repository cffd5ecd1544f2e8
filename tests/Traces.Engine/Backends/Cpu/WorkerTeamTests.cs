using CsCheck;
using PimSim.Traces.Engine.Backends.Cpu;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Backends.Cpu;

public class WorkerTeamTests
{
    [Fact]
    public void Every_piece_of_every_work_is_done_once_before_the_next_begins() => Gen.Select(Gen.Int[1, 6], Gen.Int[0, 40].Array[1, 60]).Sample(
        (threads, works) =>
        {
            using WorkerTeam team = new(threads);
            Assert.Equal(threads, team.Threads);
            Counts counts = new(threads);
            foreach (int pieces in works)
            {
                counts.Done = new int[pieces];
                team.Run(counts, pieces);
                Assert.All(counts.Done, done => Assert.Equal(1, done));
            }
        },
        iter: 60);

    [Fact]
    public void All_threads_come_also_those_that_sleep()
    {
        using WorkerTeam team = new(3);
        for (int time = 0; time < 20; time++)
        {
            // Longer than threads look for work before they sleep; the test holds whether they do or not.
            Thread.Sleep(2);
            using Barrier all = new(3);
            team.Run(new Meeting(all), 3);
        }
    }

    [Fact]
    public void A_failure_reaches_the_caller_and_the_team_goes_on()
    {
        using WorkerTeam team = new(3);
        Assert.Throws<InvalidOperationException>(() => team.Run(new Failing(), 50));
        Counts counts = new(3) { Done = new int[50] };
        team.Run(counts, 50);
        Assert.All(counts.Done, done => Assert.Equal(1, done));
    }

    private sealed class Counts(int threads) : ParallelWork
    {
        public int[] Done { get; set; } = [];

        public override void Run(int piece, int worker)
        {
            Assert.InRange(worker, 0, threads - 1);
            Interlocked.Increment(ref Done[piece]);
        }
    }

    /// <summary>Each piece waits for all others, so each needs a thread of its own. The limit only keeps a failure from hanging.</summary>
    private sealed class Meeting(Barrier all) : ParallelWork
    {
        public override void Run(int piece, int worker) => Assert.True(all.SignalAndWait(TimeSpan.FromSeconds(30)), "a thread never came");
    }

    private sealed class Failing : ParallelWork
    {
        public override void Run(int piece, int worker) => throw new InvalidOperationException();
    }
}
