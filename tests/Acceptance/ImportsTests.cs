using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using Xunit;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace PimSim.Acceptance;

/// <summary>Imports run downwards only, in the order of DESIGN: what stands left may use what stands right of it.</summary>
public class ImportsTests
{
    private static readonly System.Reflection.Assembly Format = typeof(Traces.Format.Operators.Operator).Assembly;
    private static readonly System.Reflection.Assembly Engine = typeof(Traces.Engine.EngineSession<>).Assembly;
    private static readonly System.Reflection.Assembly Cuda = typeof(Traces.Cuda.CudaBackend).Assembly;
    private static readonly System.Reflection.Assembly Simulator = typeof(Simulator.Kernel.Picoseconds).Assembly;
    private static readonly System.Reflection.Assembly Workloads = typeof(Workloads.GenerationSource).Assembly;
    private static readonly System.Reflection.Assembly Devices = typeof(Devices.Pim.PimDevice).Assembly;
    private static readonly System.Reflection.Assembly Experiments = typeof(Experiments.Results.PointResult).Assembly;
    private static readonly System.Reflection.Assembly Reports = typeof(Reports.ReportFolder).Assembly;
    private static readonly System.Reflection.Assembly Cli = System.Reflection.Assembly.Load("pimsim");

    private static readonly Dictionary<System.Reflection.Assembly, System.Reflection.Assembly[]> MayUse = new()
    {
        [Format] = [],
        [Engine] = [Format],
        [Cuda] = [Engine, Format],
        [Simulator] = [Format],
        [Workloads] = [Cuda, Engine, Format],
        [Devices] = [Simulator, Format],
        [Experiments] = [Devices, Workloads, Simulator, Engine, Format],
        [Reports] = [Experiments, Devices, Workloads, Simulator, Engine, Format],
        [Cli] = [Reports, Experiments, Devices, Workloads, Simulator, Engine, Format],
    };

    private static readonly Architecture Everything = new ArchLoader().LoadAssemblies([.. MayUse.Keys]).Build();

    public static TheoryData<string, string> Forbidden
    {
        get
        {
            TheoryData<string, string> pairs = [];
            foreach ((System.Reflection.Assembly user, System.Reflection.Assembly[] allowed) in MayUse)
            {
                foreach (System.Reflection.Assembly used in MayUse.Keys.Where(used => used != user && !allowed.Contains(used)))
                {
                    pairs.Add(user.GetName().Name!, used.GetName().Name!);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Forbidden))]
    public void Nothing_imports_upwards(string user, string used)
    {
        System.Reflection.Assembly lower = Named(user);
        Types().That().ResideInAssembly(lower).Should().NotDependOnAny(Types().That().ResideInAssembly(Named(used))).Check(Everything);
        Assert.DoesNotContain(lower.GetReferencedAssemblies(), reference => reference.Name == used);
    }

    [Fact]
    public void Only_the_GPU_backend_knows_ILGPU() =>
        Assert.Equal([Cuda], MayUse.Keys.Where(assembly => assembly.GetReferencedAssemblies().Any(reference => reference.Name == "ILGPU")));

    [Fact]
    public void The_kernel_depends_on_nothing_of_ours() => Types().That().ResideInNamespace("PimSim.Simulator.Kernel")
        .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching("^PimSim\\.(?!Simulator\\.Kernel)")).Check(Everything);

    private static System.Reflection.Assembly Named(string name) => MayUse.Keys.Single(assembly => assembly.GetName().Name == name);
}
