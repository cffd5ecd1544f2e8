using System.Text.Encodings.Web;
using System.Text.Json;
using PimSim.Devices.Dram;
using PimSim.Devices.Dram.Controller;

namespace PimSim.Reports.Dram;

/// <summary>The statistics of a run as JSON; docs/dram.md explains every name. The unit is in the name. Equal runs give equal
/// bytes.</summary>
public static class DramStatisticsJson
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a run.</summary>
    public static byte[] Write(DramRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Readable))
        {
            json.WriteStartObject();
            WriteInputs(json, run);
            WriteTotals(json, run);
            json.WriteStartArray("channels");
            for (int channel = 0; channel < run.Channels.Count; channel++)
            {
                WriteChannel(json, run.Channels[channel], run.Energy?[channel]);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void WriteInputs(Utf8JsonWriter json, DramRun run)
    {
        json.WriteString("pimsim", run.Version);
        json.WriteString("trace", run.Trace);
        json.WriteString("memory", run.Setup.Memory.Name);
        json.WriteString("policy", run.Setup.Policy.Name);
        json.WriteString("mapping", run.Setup.Mapping.Text);
        json.WriteNumber("channelCount", run.Channels.Count);
        json.WriteNumber("clockPs", run.Setup.Memory.ClockPs);
        json.WriteStartArray("notes");
        foreach (string note in run.Setup.Notes)
        {
            json.WriteStringValue(note);
        }

        json.WriteEndArray();
    }

    private static void WriteTotals(Utf8JsonWriter json, DramRun run)
    {
        json.WriteNumber("requests", run.Channels.Sum(channel => channel.Reads + channel.Writes));
        json.WriteNumber("reads", run.Channels.Sum(channel => channel.Reads));
        json.WriteNumber("writes", run.Channels.Sum(channel => channel.Writes));
        json.WriteNumber("cycles", run.Cycles);
        json.WriteNumber("seconds", run.Seconds);
        json.WriteNumber("peakBytesPerSecond", run.PeakBytesPerSecond);
        json.WriteNumber("achievedBytesPerSecond", run.AchievedBytesPerSecond);
        json.WriteStartObject("busPercent");
        double[] shares = run.BusShares();
        for (int use = 0; use < shares.Length; use++)
        {
            json.WriteNumber(CamelCase((BusUse)use), 100 * shares[use]);
        }

        json.WriteEndObject();
        json.WriteStartObject("latencyCycles");
        WriteLatency(json, "read", run.Latency(channel => channel.ReadLatency));
        WriteLatency(json, "write", run.Latency(channel => channel.WriteLatency));
        WriteLatency(json, "acceptanceDelay", run.Latency(channel => channel.AcceptanceDelay));
        json.WriteEndObject();
        if (run.EnergyPj is { } energyPj && run.AverageWatts is { } averageWatts)
        {
            json.WriteNumber("energyPj", energyPj);
            json.WriteNumber("averageWatts", averageWatts);
        }
        else
        {
            json.WriteNull("energyPj");
            json.WriteNull("averageWatts");
        }
    }

    private static void WriteChannel(Utf8JsonWriter json, ChannelStatistics channel, DramEnergyLedger? energy)
    {
        json.WriteStartObject();
        json.WriteNumber("cycles", channel.Cycles);
        json.WriteNumber("reads", channel.Reads);
        json.WriteNumber("writes", channel.Writes);
        json.WriteNumber("forwardedReads", channel.ForwardedReads);
        json.WriteNumber("mergedWrites", channel.MergedWrites);
        json.WriteNumber("rowHits", channel.RowHits);
        json.WriteNumber("rowMisses", channel.RowMisses);
        json.WriteNumber("rowConflicts", channel.RowConflicts);
        json.WriteNumber("refreshesIssued", channel.RefreshesIssued);
        json.WriteNumber("refreshesExpected", channel.RefreshesExpected);
        json.WriteNumber("readinessChecks", channel.ReadinessChecks);
        json.WriteStartObject("busCycles");
        foreach (BusUse use in Enum.GetValues<BusUse>())
        {
            json.WriteNumber(CamelCase(use), channel.BusCycles[(int)use]);
        }

        json.WriteEndObject();
        json.WriteStartArray("ranks");
        for (int rank = 0; rank < channel.Specification.Organization.TotalRanks; rank++)
        {
            WriteRank(json, channel, rank, energy);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRank(Utf8JsonWriter json, ChannelStatistics channel, int rank, DramEnergyLedger? energy)
    {
        json.WriteStartObject();
        json.WriteNumber("rank", rank);
        json.WriteNumber("activeCycles", channel.ActiveCycles(rank));
        json.WriteStartObject("commands");
        foreach (DramCommand command in Enum.GetValues<DramCommand>())
        {
            if (channel.Commands(rank, command) is > 0 and long count)
            {
                json.WriteNumber(command.ToString(), count);
            }
        }

        json.WriteEndObject();
        if (energy is not null)
        {
            json.WriteNumber("energyPj", energy.RankPj(rank));
            json.WriteNumber("energyPerChipPj", energy.RankPj(rank) / energy.ChipsPerRank);
            json.WriteNumber("averageWatts", energy.Seconds > 0 ? energy.RankPj(rank) * 1e-12 / energy.Seconds : 0);
            json.WriteStartArray("energy");
            foreach (EnergyEntry entry in energy.Entries.Where(entry => entry.Rank == rank))
            {
                json.WriteStartObject();
                json.WriteString("name", entry.Name);
                json.WriteNumber("count", entry.Count);
                json.WriteNumber("unitPj", entry.UnitPj);
                json.WriteNumber("totalPj", entry.TotalPj);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteLatency(Utf8JsonWriter json, string name, LatencyHistogram latency)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", latency.Count);
        json.WriteNumber("mean", latency.Mean);
        json.WriteNumber("minimum", latency.Minimum);
        json.WriteNumber("p50", latency.Quantile(0.5));
        json.WriteNumber("p90", latency.Quantile(0.9));
        json.WriteNumber("p99", latency.Quantile(0.99));
        json.WriteNumber("maximum", latency.Maximum);
        json.WriteEndObject();
    }

    private static string CamelCase(BusUse use) => JsonNamingPolicy.CamelCase.ConvertName(use.ToString());
}
