using Xunit;

namespace PimSim.Tests;

/// <summary>Independent results that lie beside the project on the developers' machines, and nowhere else.</summary>
internal static class SharedData
{
    /// <summary>The path of a shared file; the test is skipped where it does not exist.</summary>
    public static string Require(string relative)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "shared", relative);
            if (File.Exists(candidate))
            {
                return candidate;
            }
        }

        Assert.Skip($"shared/{relative} is not on this machine");
        return "";
    }
}
