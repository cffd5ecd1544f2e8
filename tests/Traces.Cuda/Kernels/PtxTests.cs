using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using PimSim.Traces.Cuda.Kernels;
using Xunit;

namespace PimSim.Traces.Cuda.Tests.Kernels;

/// <summary>Every kernel becomes code for the GPUs that matter, with no GPU at hand.</summary>
public partial class PtxTests
{
    public static TheoryData<string> Architectures => ["sm_80", "sm_90"];

    [Fact]
    public void The_catalogue_holds_every_kernel_with_every_type_that_fits_and_nothing_else()
    {
        Assembly assembly = typeof(KernelCatalogue).Assembly;
        MethodInfo[] marked =
        [
            .. assembly.GetTypes()
                .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                .Where(method => method.GetCustomAttribute<DeviceKernelAttribute>() is not null),
        ];
        MethodInfo[] expected = [.. marked.SelectMany(method => Closed(method, assembly))];
        Assert.NotEmpty(expected);
        Assert.Equal(expected.ToHashSet(), KernelCatalogue.All.ToHashSet());
        Assert.Equal(expected.Length, KernelCatalogue.All.Count);
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Every_kernel_compiles_and_twice_to_the_same_code(string target)
    {
        foreach (MethodInfo kernel in KernelCatalogue.All)
        {
            string code = Compile(kernel, target);

            // ILGPU names no target above sm_80; the driver translates such code for every later GPU.
            Assert.Contains(".target sm_80\n", code.ReplaceLineEndings("\n"), StringComparison.Ordinal);
            Assert.Contains(target == "sm_90" ? ".version 7.8" : ".version 7.0", code, StringComparison.Ordinal);
            Assert.Contains($".visible .entry Kernel_{kernel.Name}", code, StringComparison.Ordinal);
            Assert.DoesNotContain(".f64", code, StringComparison.Ordinal);
            Assert.DoesNotContain(".local", code, StringComparison.Ordinal);
            Assert.Equal(Renumbered(code), Renumbered(Compile(kernel, target)));
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Vector_products_read_weights_and_activations_16_bytes_at_a_time(string target)
    {
        foreach (MethodInfo kernel in KernelCatalogue.All.Where(kernel => kernel.DeclaringType == typeof(GemvKernels)))
        {
            string code = Compile(kernel, target);
            Assert.Contains("ld.v4.b32", code, StringComparison.Ordinal);
            Assert.Contains("ld.v4.f32", code, StringComparison.Ordinal);
        }
    }

    // ILGPU counts parameters and labels through the whole life of a process: here they are counted from 0 again.
    private static string Renumbered(string code)
    {
        Dictionary<string, int> numbers = [];
        return Counted().Replace(code, match =>
        {
            numbers.TryAdd(match.Value, numbers.Count);
            return $"{match.Groups["name"].Value}{numbers[match.Value].ToString(CultureInfo.InvariantCulture)}";
        });
    }

    [GeneratedRegex(@"\b(?<name>_\w*_|L_)\d+\b", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Counted();

    private static IEnumerable<MethodInfo> Closed(MethodInfo method, Assembly assembly)
    {
        if (!method.IsGenericMethodDefinition)
        {
            return [method];
        }

        string[] names = [.. method.GetGenericArguments().Select(argument => argument.Name)];
        return names switch
        {
            ["TFormat"] => Implementations(assembly, typeof(IWeightFormat)).Select(format => method.MakeGenericMethod(format)),
            ["TInteger"] => Implementations(assembly, typeof(IIntegerFormat)).Select(format => method.MakeGenericMethod(format)),
            ["TActivation"] => Implementations(assembly, typeof(IActivation))
                .Where(type => method.Name == nameof(ElementwiseKernels.Map) ? type != typeof(Silu) : type != typeof(Relu))
                .Select(type => method.MakeGenericMethod(type)),
            ["TFormat", "TTile"] =>
                from format in Implementations(assembly, typeof(IWeightFormat))
                from tile in Implementations(assembly, typeof(IGemmTile))
                select method.MakeGenericMethod(format, tile),
            ["TStored", "TKv"] =>
                from kv in assembly.GetTypes()
                let stored = kv.GetInterfaces().FirstOrDefault(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IKvFormat<>))
                where stored is not null
                select method.MakeGenericMethod(stored.GetGenericArguments()[0], kv),
            _ => throw new NotSupportedException($"{method.Name} has type arguments that this test does not know"),
        };
    }

    private static IEnumerable<Type> Implementations(Assembly assembly, Type contract) =>
        assembly.GetTypes().Where(type => type.IsValueType && type.IsAssignableTo(contract));

    private static string Compile(MethodInfo kernel, string target)
    {
        (CudaArchitecture architecture, CudaInstructionSet set) = target switch
        {
            "sm_80" => (CudaArchitecture.SM_80, CudaInstructionSet.ISA_70),
            "sm_90" => (CudaArchitecture.SM_90, CudaInstructionSet.ISA_78),
            _ => throw new ArgumentOutOfRangeException(nameof(target)),
        };
        using var context = Context.Create(builder => builder.CPU());
        using PTXBackend backend = new(context, new CudaCapabilityContext(architecture), architecture, set, null);
        CompiledKernel compiled = backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), new KernelSpecialization());
        return ((PTXCompiledKernel)compiled).PTXAssembly;
    }
}
