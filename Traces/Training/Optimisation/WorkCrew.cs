namespace PimSim.Traces.Training.Optimisation;

/// <summary>A fixed number of threads that take numbered pieces of work until none is left.</summary>
internal sealed class WorkCrew(int threads)
{
    /// <summary>Number of threads.</summary>
    public int Threads { get; } = threads;

    /// <summary>Calls <paramref name="work"/>(thread, piece) once for every piece, in no certain order; ends when all are done.</summary>
    public void Run(int pieces, Action<int, int> work)
    {
        int next = -1;
        if (Threads == 1)
        {
            Take(0);
            return;
        }

        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, Take);

        void Take(int thread)
        {
            for (int piece = Interlocked.Increment(ref next); piece < pieces; piece = Interlocked.Increment(ref next))
            {
                work(thread, piece);
            }
        }
    }
}
