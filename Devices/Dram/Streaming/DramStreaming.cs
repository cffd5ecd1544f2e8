using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PimSim.Devices.Dram.Controller;
using PimSim.Traces.Format.Documents;

namespace PimSim.Devices.Dram.Streaming;

/// <summary>
/// The fraction of its peak data rate that a memory delivers to sequential streams, simulated cycle by cycle. Every channel
/// sees the same traffic, so one is simulated. A result is kept for the life of the process under the memory's content, not its
/// name; safe for all threads.
/// </summary>
public static class DramStreaming
{
    /// <summary>Before anything is measured: the queues fill.</summary>
    private const int WarmUpIntervals = 1;
    private const int LeastIntervals = 4;
    private const int MostIntervals = 64;

    /// <summary>Twice the intervals may change the fraction by so much.</summary>
    private const double Settled = 0.002;

    private static readonly ConcurrentDictionary<(string Memory, ControllerPolicy Policy, StreamingPattern Pattern), Lazy<double>> Known = new();

    private static readonly Lazy<ControllerPolicy> DefaultPolicy = new(() => ControllerCatalogue.Open(ControllerCatalogue.Default));

    /// <summary>The fraction, from 0 to 1.</summary>
    /// <param name="memory">One channel of the memory.</param>
    /// <param name="pattern">What it serves.</param>
    /// <param name="policy">Its controller; null for the default one.</param>
    /// <exception cref="PimSimUserException">The pattern is outside its ranges, or the controller does not fit the memory.</exception>
    public static double Fraction(DramSpecification memory, StreamingPattern pattern, ControllerPolicy? policy = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        pattern.Check();
        ControllerPolicy controller = policy ?? DefaultPolicy.Value;
        return Known.GetOrAdd((Fingerprint(memory), controller, pattern), _ => new Lazy<double>(() => Simulate(memory, controller, pattern))).Value;
    }

    /// <summary>The same, simulated anew.</summary>
    /// <exception cref="PimSimUserException">The pattern is outside its ranges, or the controller does not fit the memory.</exception>
    public static double Simulate(DramSpecification memory, ControllerPolicy policy, StreamingPattern pattern)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(policy);
        pattern.Check();
        StreamingRun run = new(memory, policy, pattern);
        run.Measure(WarmUpIntervals);
        double fraction = run.Measure(LeastIntervals);
        for (int intervals = LeastIntervals; intervals < MostIntervals; intervals *= 2)
        {
            double twice = (fraction + run.Measure(intervals)) / 2;
            double change = Math.Abs(twice - fraction);
            fraction = twice;
            if (change < Settled)
            {
                break;
            }
        }

        return fraction;
    }

    /// <summary>
    /// Energy of a byte under a pattern in joules, the channel's refreshes and standby included; null if the memory's source has no power.
    /// Simulated on each call.
    /// </summary>
    /// <exception cref="PimSimUserException">The pattern is outside its ranges, or the controller does not fit the memory.</exception>
    public static double? JoulesPerByte(DramSpecification memory, StreamingPattern pattern, ControllerPolicy? policy = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        pattern.Check();
        if (memory.Power is null)
        {
            return null;
        }

        StreamingRun run = new(memory, policy ?? DefaultPolicy.Value, pattern);
        run.Measure(LeastIntervals);
        ChannelStatistics statistics = run.Finish();
        long bytes = (statistics.Reads + statistics.Writes) * memory.Organization.AccessBytes;
        return new DramEnergyLedger(statistics, memory.Power).TotalPj * 1e-12 / bytes;
    }

    /// <summary>A hash of all that a controller sees of a memory: sweeps open the same one again and again, and change others.</summary>
    private static string Fingerprint(DramSpecification memory)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{memory.Organization} {memory.Bus} {memory.ReadLatencyCycles} {memory.WriteLatencyCycles} {memory.BurstCycles} {memory.Refresh} ");
        text.AppendJoin(' ', memory.CommandCycles);
        foreach (TimingRule rule in memory.Rules)
        {
            text.Append(CultureInfo.InvariantCulture, $" {rule.Scope} {rule.From} {rule.To} {rule.LatencyCycles}");
        }

        foreach (WindowRule window in memory.Windows)
        {
            text.Append(CultureInfo.InvariantCulture, $" {window}");
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
