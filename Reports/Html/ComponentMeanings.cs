namespace PimSim.Reports.Html;

/// <summary>What each component of time and energy means, in a sentence. Equations: docs/pim.md, docs/gpu.md and docs/cpu.md.</summary>
public static class ComponentMeanings
{
    /// <summary>Components of time by name.</summary>
    public static IReadOnlyDictionary<string, string> OfTime { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["mac-bound"] = "The bound: all multipliers of all banks at full rate on products that cannot be avoided. Everything below it is a loss.",
        ["idle-banks"] = "Multiply-accumulate commands in which some multipliers have nothing to do: dimensions that don't fill the banks evenly.",
        ["row-opening"] = "Waiting for rows to close and open.",
        ["refresh"] = "The banks refresh and can't work.",
        ["vector-transfer"] = "Vectors on their way to the buffers of the channels, and results on their way back, as far as no multiplication hides it.",
        ["mode-change"] = "Changing between plain DRAM access and access to the vector buffers.",
        ["bank-access"] = "Plain reads and writes of the banks over the channels' pins: the key/value cache, embeddings, biases.",
        ["asic"] = "The ASIC beside the memory computes while the banks wait: softmax, norms, activations, sums.",
        ["memory"] = "A processor's kernel is bound by its memory bandwidth.",
        ["compute"] = "A processor's kernel is bound by its arithmetic.",
        ["tiles"] = "What thread blocks, their waves and latencies add to the bound.",
        ["power"] = "The clock falls at the board's power limit.",
        ["launch"] = "The processor waits for its host to launch the next kernel.",
        ["opaque"] = "Operators without a known shape, which take what they took where they were measured.",
        ["host"] = "The host works alone between steps: choosing the token, preparing the next step.",
    };

    /// <summary>Components of energy by name.</summary>
    public static IReadOnlyDictionary<string, string> OfEnergy { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["activate"] = "Opening and closing DRAM rows.",
        ["mac-array"] = "Reading columns inside the banks for multiply-accumulate.",
        ["mac-units"] = "Multipliers and adder trees of the banks.",
        ["bank-access"] = "Plain reads and writes of the banks, without the pins.",
        ["refresh"] = "DRAM refresh.",
        ["standby"] = "DRAM that is powered and waits, rows open or closed.",
        ["io"] = "Pins of the channels.",
        ["asic-dynamic"] = "Arithmetic of the ASIC.",
        ["asic-static"] = "What the ASIC draws whether it works or not.",
        ["multiprocessors"] = "Multiprocessors that have work, beside FLOPs and bytes.",
        ["cache"] = "Bytes between the L2 cache and the multiprocessors.",
        ["static"] = "What a processor draws whether it works or not.",
        ["compute"] = "A processor's arithmetic.",
        ["memory"] = "Bytes that a processor moves to and from its memory.",
    };
}
