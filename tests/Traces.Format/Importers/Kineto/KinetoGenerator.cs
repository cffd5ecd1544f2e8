using System.Globalization;
using System.Text;

namespace PimSim.Traces.Format.Tests.Importers.Kineto;

/// <summary>
/// Random traces: nested host operators on several threads, runtime calls inside and outside them, activities on several
/// streams, steps or none, whole or fractional microseconds, external ids of both meanings, events in random order.
/// </summary>
internal sealed class KinetoGenerator(int seed)
{
    private static readonly string[] Types = ["float", "c10::Half", "c10::BFloat16", "double", "long int"];

    private readonly Random _random = new(seed);
    private readonly List<string> _events = [];
    // Both count from 100: where one is written for the other, it names something unrelated.
    private long _correlation = 100;
    private long _externalId = 100;
    private bool _whole;
    private bool _externalIsOperator;

    public byte[] Next()
    {
        _whole = _random.Next(2) == 0;
        _externalIsOperator = _random.Next(2) == 0;
        long begin = 1_682_725_898_000_000_000 + _random.Next(1_000_000);
        for (int thread = 1; thread <= 1 + _random.Next(3); thread++)
        {
            Operators(thread, begin, begin + 1_000_000_000, depth: 0);
        }

        if (_random.Next(2) == 0)
        {
            for (int step = 0; step < 3; step++)
            {
                Add("user_annotation", $"ProfilerStep#{step}", 1, begin + (step * 300_000_000L) + 50_000_000, 250_000_000, "");
            }
        }

        _events.Add("""{"ph":"M","name":"process_name","pid":1,"tid":0,"args":{"name":"python"}}""");
        _events.Add("""{"ph":"X","cat":"python_function","name":"f","pid":1,"tid":1,"ts":1,"dur":2,"args":{"Input Dims":[[[2,3],[4]],[1],"x"]}}""");
        string[] shuffled = [.. _events];
        _random.Shuffle(shuffled);
        string list = "[" + string.Join(",\n", shuffled) + "]";
        return Encoding.UTF8.GetBytes(_random.Next(4) == 0 ? list : $$"""{"schemaVersion":1,"deviceProperties":[{"id":0}],"traceEvents":{{list}},"traceName":"x"}""");
    }

    private void Operators(int thread, long from, long to, int depth)
    {
        // Gaps of 10 us and more between neighbours, so that cut microseconds leave no doubt which one encloses a call.
        long at = from + 10_000 + _random.Next(1_000_000);
        while (at + 2_000_000 < to && _events.Count < 120)
        {
            long length = Math.Min(_random.Next(1_000_000, 200_000_000), to - at - 10_000);
            long id = _externalId++;
            Add("cpu_op", Name(out string arguments), thread, at, length, $"\"External id\":{id}{arguments}");
            if (depth < 3 && _random.Next(2) == 0)
            {
                Operators(thread, at, at + length, depth + 1);
            }
            else
            {
                for (int call = _random.Next(3); call > 0; call--)
                {
                    Call(thread, at + 20_000 + _random.Next(100_000), id);
                }
            }

            if (_random.Next(3) == 0)
            {
                // Seems to end after its operator: by less than the step of whole microseconds, by more than that of fractions.
                Call(thread, at + length - 1_500, id);
            }

            at += length + 10_000 + _random.Next(30_000_000);
            if (_random.Next(3) == 0)
            {
                Call(thread, at - 8_000, 1);
            }
        }
    }

    private void Call(int thread, long at, long id)
    {
        long correlation = _correlation++;
        if (_random.Next(10) > 0)
        {
            Add("cuda_runtime", "cudaLaunchKernel", thread, at, 2_000, $"\"cbid\":211,\"correlation\":{correlation}");

            // Two processes in one file may use one correlation twice.
            if (_random.Next(12) == 0)
            {
                Add("cuda_runtime", "cudaLaunchKernel", 1 + _random.Next(3), at + _random.Next(1_000_000), 2_000, $"\"correlation\":{correlation}");
            }
        }

        for (int activity = _random.Next(3); activity > 0; activity--)
        {
            string category = _random.Next(5) switch { 0 => "gpu_memcpy", 1 => "gpu_memset", _ => "kernel" };
            string external = _random.Next(8) == 0 ? "" : $",\"External id\":{(_externalIsOperator ? id : correlation)}";
            Add(category, $"kernel_{_random.Next(5)}<\\u0041>", 7, at + _random.Next(5_000_000), _random.Next(1_000_000), $"\"device\":0,\"stream\":{_random.Next(3)},\"correlation\":{correlation}{external}");
        }
    }

    private string Name(out string arguments)
    {
        int m = _random.Next(1, 5), k = _random.Next(1, 5), n = _random.Next(1, 5);
        int wrong = _random.Next(6) == 0 ? 1 : 0;
        string type = Types[_random.Next(_random.Next(3) == 0 ? 5 : 3)];
        (string name, string dims, string types) = _random.Next(9) switch
        {
            0 => ("aten::mm", $"[{m},{k}],[{k + wrong},{n}]", $"\"{type}\",\"{type}\""),
            1 => ("aten::addmm", $"[{n + wrong}],[{m},{k}],[{k},{n}],[],[]", $"\"{type}\",\"{type}\",\"{type}\",\"Scalar\",\"Scalar\""),
            2 => ("aten::linear", $"[2,{m},{k}],[{n},{k + wrong}],{(_random.Next(2) == 0 ? "[]" : $"[{n}]")}", $"\"{type}\",\"{type}\",\"\""),
            3 => ("aten::bmm", $"[{1 + wrong},{m},{k}],[{1 + wrong},{k},{n}]", $"\"{type}\",\"{type}\""),
            4 => ("aten::native_layer_norm", $"[{m},{k}],[],[{k + wrong}],[{k}],[]", $"\"{type}\",\"\",\"{type}\",\"{type}\",\"Scalar\""),
            5 => ("aten::relu", $"[{m},{k}]", $"\"{type}\""),
            6 => ("aten::add_", $"[{m},{k}],[{m + wrong},{k}],[]", $"\"{type}\",\"{type}\",\"Scalar\""),
            7 => ("aten::cat", $"[[{m},{k}],[{k}]],[]", "\"TensorList\",\"Scalar\""),
            _ => ("aten::to", $"[{m},{k}],[]", $"\"{type}\",\"Scalar\""),
        };
        arguments = _random.Next(8) == 0 ? "" : $",\"Input Dims\":[{dims}],\"Input type\":[{types}]";
        return name;
    }

    private void Add(string category, string name, int thread, long start, long length, string args)
    {
        string[] fields =
        [
            "\"ph\":\"X\"", $"\"cat\":\"{category}\"", $"\"name\":\"{name}\"", "\"pid\":1", $"\"tid\":{thread}", $"\"ts\":{Microseconds(start)}", $"\"dur\":{Microseconds(length)}", $"\"args\":{{{args}}}",
        ];
        _random.Shuffle(fields);
        _events.Add("{" + string.Join(',', fields) + "}");
    }

    private string Microseconds(long nanoseconds) => _whole
        ? (nanoseconds / 1000).ToString(CultureInfo.InvariantCulture)
        : (nanoseconds / 1000m).ToString(CultureInfo.InvariantCulture);
}
