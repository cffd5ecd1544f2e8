#pragma warning disable MA0047 // The runtime asks for this name outside of any namespace.

/// <summary>
/// Started by the runtime before a program that <see cref="PimSim.Acceptance.StartUpTests"/> runs: at its end, the assemblies that it has
/// loaded go to standard error.
/// </summary>
internal static class StartupHook
{
    public const string Mark = "loaded: ";

    public static void Initialize() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        Console.Error.WriteLine(Mark + string.Join(' ', AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetName().Name)));
}
