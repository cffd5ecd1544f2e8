using System.Diagnostics;

namespace PimSim.Acceptance;

/// <summary>Runs the command line as a user does: a process of its own.</summary>
internal static class PimSimProcess
{
    public static (int ExitCode, string Output, string Errors) Run(params string[] arguments) => RunWith(("DOTNET_NOLOGO", "1"), arguments);

    /// <summary>The same with a variable of the environment.</summary>
    public static (int ExitCode, string Output, string Errors) RunWith((string Name, string Value) variable, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet") { WorkingDirectory = SourceTree.Root, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "pimsim.dll"));
        start.Environment[variable.Name] = variable.Value;
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.GetAwaiter().GetResult());
    }
}

/// <summary>A folder of its own for a test, removed afterwards.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"pimsim-{Guid.NewGuid():N}");

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
