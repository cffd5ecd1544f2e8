using System.Text.Json;

namespace PimSim.Traces.Format.Exporters;

/// <summary>Events of Chrome-trace JSON, one object each, for whoever has opened the array that holds them. Times are microseconds.</summary>
public static class ChromeTraceEvents
{
    /// <summary>Begins a slice ("X"); the caller writes its arguments and then calls <see cref="EndSlice"/>.</summary>
    /// <param name="json">Stands in the array of events.</param>
    /// <param name="name">What the slice says.</param>
    /// <param name="category">What it can be filtered by.</param>
    /// <param name="startMicroseconds">When it starts.</param>
    /// <param name="durationMicroseconds">How long it is.</param>
    /// <param name="process">Group of rows that it stands in.</param>
    /// <param name="thread">Row that it stands in.</param>
    public static void BeginSlice(
        Utf8JsonWriter json, string name, string category, decimal startMicroseconds, decimal durationMicroseconds, int process = 1, int thread = 1)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("cat", category);
        json.WriteString("ph", "X");
        json.WriteNumber("ts", startMicroseconds);
        json.WriteNumber("dur", durationMicroseconds);
        json.WriteNumber("pid", process);
        json.WriteNumber("tid", thread);
        json.WriteStartObject("args");
    }

    /// <summary>Ends a slice.</summary>
    public static void EndSlice(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A value that holds until the next of the same name ("C"): a curve above the rows of its process.</summary>
    public static void WriteCounter(Utf8JsonWriter json, string name, string unit, decimal microseconds, long value, int process = 1)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("ph", "C");
        json.WriteNumber("ts", microseconds);
        json.WriteNumber("pid", process);
        json.WriteStartObject("args");
        json.WriteNumber(unit, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Names a group of rows ("M").</summary>
    public static void NameProcess(Utf8JsonWriter json, int process, string name) => Name(json, "process_name", process, thread: null, name);

    /// <summary>Names a row ("M").</summary>
    public static void NameThread(Utf8JsonWriter json, int process, int thread, string name) => Name(json, "thread_name", process, thread, name);

    private static void Name(Utf8JsonWriter json, string what, int process, int? thread, string name)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        json.WriteString("name", what);
        json.WriteString("ph", "M");
        json.WriteNumber("pid", process);
        if (thread is { } row)
        {
            json.WriteNumber("tid", row);
        }

        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
