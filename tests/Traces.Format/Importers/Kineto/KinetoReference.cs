using System.Text.Json;

namespace PimSim.Traces.Format.Tests.Importers.Kineto;

/// <summary>
/// The rules of docs/importers.md written a second time, with a DOM, quadratic searches and none of the importer's code: for
/// every activity look through all calls and all operators.
/// </summary>
internal static class KinetoReference
{
    /// <summary>One operator or opaque activity of one step, in order.</summary>
    public sealed record Entry(string Step, string What, long Nanoseconds);

    private sealed record Event(int Order, string Name, string Thread, long Start, long End, JsonElement Args)
    {
        public long? Number(string key) =>
            Args.ValueKind == JsonValueKind.Object && Args.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;
    }

    public static List<Entry> Read(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        JsonElement list = root.ValueKind == JsonValueKind.Array ? root : root.GetProperty("traceEvents");
        List<(string Category, Event Event)> events = [.. list.EnumerateArray().Where(Complete).Select((element, i) => (element.GetProperty("cat").GetString()!, NewEvent(element, i)))];
        List<Event> activities = [.. Of(events, "kernel", "gpu_memcpy", "gpu_memset").OrderBy(e => e.Start).ThenBy(e => e.Order)];
        List<Event> calls = [.. Of(events, "cuda_runtime", "cuda_driver", "hip_runtime")];
        List<Event> operators = [.. Of(events, "cpu_op").Where(e => Shape(e) is not null)];
        List<Event> steps = [.. Of(events, "user_annotation").Where(e => e.Name.StartsWith("ProfilerStep#", StringComparison.Ordinal)).OrderBy(e => e.Start).ThenBy(e => e.Order)];
        bool fractional = events
            .Where(e => e.Category is "kernel" or "gpu_memcpy" or "gpu_memset" or "cuda_runtime" or "cuda_driver" or "hip_runtime" or "cpu_op" or "user_annotation")
            .Any(e => e.Event.Start % 1000 != 0 || e.Event.End % 1000 != 0)
            || list.EnumerateArray().Any(e => Fraction(e, "ts") || Fraction(e, "dur"));
        long slack = fractional ? 1 : 1000;
        bool external = activities.Any(e => e.Number("External id") is long id && id != e.Number("correlation"));

        Dictionary<(Event, string), (string Step, int Rank, long First, int Order, string What, long Total)> works = [];
        foreach (Event activity in activities)
        {
            List<Event> launches = [.. calls.Where(call => call.Number("correlation") is long id && id == activity.Number("correlation"))];
            Event? launch = launches.Count == 1 ? launches[0] : null;
            Event? op = launch is not null
                ? operators.Where(o => o.Thread == launch.Thread && o.Start <= launch.Start && launch.End <= o.End + slack).OrderBy(o => o.Start).ThenByDescending(o => o.End).ThenBy(o => o.Order).FirstOrDefault()
                : launches.Count == 0 && external ? operators.LastOrDefault(o => o.Number("External id") is long id && id == activity.Number("External id")) : null;
            long when = launch?.Start ?? activity.Start;
            int last = steps.FindLastIndex(step => step.Start <= when);
            bool inside = last >= 0 && when <= steps[last].End;
            string step = inside ? steps[last].Name : last < 0 ? "before" : "after " + steps[last].Name;
            int rank = inside ? (2 * last) + 1 : 2 * (last + 1);
            (Event, string) key = op is null ? (activity, "") : (op, activity.Number("device") + "/" + activity.Number("stream"));
            works[key] = works.TryGetValue(key, out var sofar)
                ? sofar with { Total = sofar.Total + activity.End - activity.Start }
                : (step, rank, activity.Start, activity.Order, op is null ? Label(activity.Name) : Shape(op)!, activity.End - activity.Start);
        }

        return [.. works.Values.OrderBy(work => work.Rank).ThenBy(work => work.First).ThenBy(work => work.Order).Select(work => new Entry(work.Step, work.What, work.Total))];
    }

    private static IEnumerable<Event> Of(List<(string Category, Event Event)> events, params string[] categories) =>
        events.Where(e => categories.Contains(e.Category)).Select(e => e.Event);

    /// <summary>A trace file holds 4,096 characters of a name.</summary>
    private static string Label(string name) => name.Length <= 4096 ? name : name[..4093] + "...";

    private static bool Complete(JsonElement element) =>
        element.TryGetProperty("ph", out JsonElement phase) && phase.GetString() == "X" && element.TryGetProperty("cat", out _);

    private static bool Fraction(JsonElement element, string key) =>
        element.TryGetProperty(key, out JsonElement value) && Nanoseconds(value) % 1000 != 0;

    private static Event NewEvent(JsonElement element, int order)
    {
        long start = Nanoseconds(element.GetProperty("ts"));
        return new Event(
            order,
            element.GetProperty("name").GetString()!,
            $"{element.GetProperty("pid")}/{element.GetProperty("tid")}",
            start,
            start + Nanoseconds(element.GetProperty("dur")),
            element.TryGetProperty("args", out JsonElement args) ? args : default);
    }

    private static long Nanoseconds(JsonElement value) => (long)Math.Round(value.GetDecimal() * 1000m, MidpointRounding.AwayFromZero);

    /// <summary>What an operator is, in words; null if it is in doubt. Only the names that real and generated traces hold.</summary>
    private static string? Shape(Event e)
    {
        if (e.Args.ValueKind != JsonValueKind.Object || !e.Args.TryGetProperty("Input Dims", out JsonElement dims) || !e.Args.TryGetProperty("Input type", out JsonElement types))
        {
            return null;
        }

        long[]?[] d = [.. dims.EnumerateArray().Select(arg => arg.EnumerateArray().All(x => x.ValueKind == JsonValueKind.Number) ? arg.EnumerateArray().Select(x => x.GetInt64()).ToArray() : null)];
        string[] t = [.. types.EnumerateArray().Select(x => x.GetString()!)];
        bool Float(int i) => t[i] is "float" or "c10::Half" or "c10::BFloat16";
        long Rows(long[] x) => x.SkipLast(1).Aggregate(1L, (a, b) => a * b);
        string? Product(int left, int right, bool transposed, int bias)
        {
            long[] a = d[left] ?? [], b = d[right] ?? [];
            if (a.Length == 0 || b.Length != 2 || !Float(left) || t[left] != t[right] || a.Contains(0) || b.Contains(0))
            {
                return null;
            }

            (long inputs, long outputs) = transposed ? (b[1], b[0]) : (b[0], b[1]);
            bool badBias = bias >= 0 && !(d[bias] is [var n] && n == outputs);
            return a[^1] != inputs || badBias ? null : $"Gemm {Rows(a)}x{inputs}x{outputs} {t[left]}{(bias >= 0 ? " bias" : "")}";
        }

        switch (e.Name)
        {
            case "aten::mm" or "aten::matmul":
                return Product(0, 1, false, -1);
            case "aten::addmm":
                return Product(1, 2, false, 0);
            case "aten::linear":
                return Product(0, 1, true, d.Length > 2 && d[2] is { Length: > 0 } ? 2 : -1);
            case "aten::bmm" when d[0] is [1, _, _] && d[1] is [1, var k, var n] && d[0]![2] == k && Float(0) && t[0] == t[1]:
                return $"Gemm {d[0]![1]}x{k}x{n} {t[0]}";
            case "aten::layer_norm" or "aten::native_layer_norm" when d[0] is { Length: > 0 } x && d[2] is [var w] && d[3] is [var b] && w == x[^1] && b == w && Float(0) && Float(2):
                return $"Norm {Rows(x)}x{w} {t[0]}";
            case "aten::relu" or "aten::relu_" when d[0] is { Length: > 0 } x && Float(0):
                return $"Activation {Rows(x)}x{x[^1]} {t[0]}";
            case "aten::add" or "aten::add_" when d[0] is { Length: > 0 } x && d[1] is { } y && x.SequenceEqual(y) && Float(0) && t[0] == t[1] && Alpha(e):
                return $"Add {Rows(x)}x{x[^1]} {t[0]}";
            default:
                return null;
        }
    }

    private static bool Alpha(Event e) =>
        !e.Args.TryGetProperty("Concrete Inputs", out JsonElement values) || values.GetArrayLength() < 3 || values[2].GetString() is "" or "1" or "1.";
}
