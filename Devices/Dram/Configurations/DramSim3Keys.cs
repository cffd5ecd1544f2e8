namespace PimSim.Devices.Dram.Configurations;

/// <summary>The keys of DRAMsim3's configuration files: those of its reader and those that its own files have besides.</summary>
internal static class DramSim3Keys
{
    public const string Structure = "dram_structure";
    public const string Timing = "timing";
    public const string Power = "power";
    public const string System = "system";

    /// <summary>Timings and the names that they have here; all in cycles.</summary>
    public static readonly IReadOnlyDictionary<string, string> Timings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["CL"] = "nCL",
        ["CWL"] = "nCWL",
        ["tRCD"] = "nRCD",
        ["tRCDRD"] = "nRCDRD",
        ["tRCDWR"] = "nRCDWR",
        ["tRP"] = "nRP",
        ["tRAS"] = "nRAS",
        ["tRFC"] = "nRFC",
        ["tRFCb"] = "nRFCpb",
        ["tREFI"] = "nREFI",
        ["tREFIb"] = "nREFIpb",
        ["tRRD_S"] = "nRRDS",
        ["tRRD_L"] = "nRRDL",
        ["tWTR_S"] = "nWTRS",
        ["tWTR_L"] = "nWTRL",
        ["tFAW"] = "nFAW",
        ["tWR"] = "nWR",
        ["tRTP"] = "nRTP",
        ["tRTP_S"] = "nRTPS",
        ["tRTP_L"] = "nRTPL",
        ["tCCD_S"] = "nCCDS",
        ["tCCD_L"] = "nCCDL",
        ["tRTRS"] = "nRTRS",
        ["tPPD"] = "nPPD",
    };

    /// <summary>Currents whose energy is counted.</summary>
    public static readonly IReadOnlyList<string> Currents = ["IDD0", "IDD2N", "IDD3N", "IDD4R", "IDD4W", "IDD5AB", "IDD5PB"];

    private static readonly string[] OtherModelled =
    [
        "protocol", "bankgroups", "banks_per_group", "bankgroup_enable", "rows", "columns", "device_width", "BL", "hbm_dual_cmd",
        "tCK", "AL", "REFI", "VDD",
        "channel_size", "channels", "bus_width", "address_mapping", "queue_structure", "row_buf_policy", "refresh_policy",
        "refresh_strategy", "cmd_queue_size", "trans_queue_size", "unified_queue",
    ];

    /// <summary>All keys by section.</summary>
    public static readonly IReadOnlyDictionary<string, IReadOnlyCollection<string>> All = new Dictionary<string, IReadOnlyCollection<string>>(StringComparer.OrdinalIgnoreCase)
    {
        [Structure] = ["protocol", "bankgroups", "banks_per_group", "bankgroup_enable", "rows", "columns", "device_width", "BL", "num_dies", "hbm_dual_cmd"],
        [Timing] =
        [
            .. Timings.Keys, "tCK", "AL", "REFI", "tRFC2", "tRFC4", "tRPRE", "tWPRE", "tWR2", "tCKE", "tCKESR", "tCKSRE", "tXS", "tXP", "t32AW",
            "tRREFD", "tRFCPB", "tCAS", "tCWD", "tCMD", "activation_window_depth", "ideal_memory_latency",
        ],
        [Power] = ["VDD", .. Currents, "IPP0", "IDD1", "IDD2P", "IDD2Q", "IDD3P", "IDD3Pf", "IDD3Ps", "IDD5", "IDD6", "IDD6x", "IDD6L", "IDD7"],
        [System] =
        [
            "channel_size", "channels", "bus_width", "address_mapping", "queue_structure", "row_buf_policy", "refresh_policy", "refresh_strategy",
            "cmd_queue_size", "trans_queue_size", "queue_size", "unified_queue", "write_buf_size", "req_buffering_enabled", "enable_self_refresh",
            "sref_threshold", "aggressive_precharging_enabled", "mega_tick", "is_LRDIMM",
        ],
        ["other"] = ["epoch_period", "output_level", "output_prefix", "validation_output"],
        ["thermal"] =
        [
            "const_logic_power", "logic_bg_power", "logic_max_power", "power_epoch_period", "mat_dim_x", "mat_dim_y", "row_tile", "loc_mapping",
            "bank_order", "bank_layer_order", "chip_dim_x", "chip_dim_y", "amb_temp",
        ],
        ["hmc"] = ["num_links", "link_width", "link_speed", "block_size", "xbar_queue_depth"],
    };

    /// <summary>True if the key changes what PimSim simulates.</summary>
    public static bool IsModelled(string key) =>
        Timings.ContainsKey(key) || Currents.Contains(key, StringComparer.OrdinalIgnoreCase) || OtherModelled.Contains(key, StringComparer.OrdinalIgnoreCase);
}
