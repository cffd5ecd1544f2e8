using Xunit;

namespace PimSim.Acceptance;

/// <summary>A command loads what it needs and no more.</summary>
public class StartUpTests
{
    public static TheoryData<string> Commands =>
    [
        "--version",
        "list devices",
        "dram samples/dram/random.trace --config ddr4-2400r --format table",
    ];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Commands_without_a_GPU_do_not_load_what_drives_one(string command)
    {
        (int exitCode, _, string errors) = PimSimProcess.RunWith(("DOTNET_STARTUP_HOOKS", typeof(StartupHook).Assembly.Location), command.Split(' '));
        Assert.Equal(0, exitCode);
        string loaded = Assert.Single(errors.Split('\n'), line => line.StartsWith(StartupHook.Mark, StringComparison.Ordinal));
        string[] names = loaded[StartupHook.Mark.Length..].Split(' ');
        Assert.Contains("pimsim", names);
        Assert.DoesNotContain(names, name => name is "ILGPU" or "PimSim.Traces.Cuda");
    }
}
