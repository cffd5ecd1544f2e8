using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Files;

/// <summary>A step as a JSON object, one line of a JSON Lines file. Fields of an operator that are 0 are left out. docs/traces.md has the keys.</summary>
internal static class StepJson
{
    public static void Write(Utf8JsonWriter json, Step step)
    {
        json.WriteStartObject();
        json.WriteNumber("step", step.Index);
        json.WriteString("phase", EnumWords<Phase>.Of(step.Phase));
        json.WriteNumber("committed_tokens", step.CommittedTokens);
        json.WriteStartArray("blocks");
        foreach (StepBlock block in step.Blocks)
        {
            json.WriteStartObject();
            json.WriteNumber("repeat", block.Repeat);
            json.WriteStartArray("operators");
            for (int i = 0; i < block.Operators.Length; i++)
            {
                Write(json, block.Operators[i], block.Sources.IsEmpty ? null : block.Sources[i]);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (!step.MeasuredNanoseconds.IsEmpty)
        {
            WriteNumbers(json, "measured_ns", step.MeasuredNanoseconds.AsSpan());
        }

        if (!step.Decisions.IsEmpty)
        {
            json.WriteStartArray("decisions");
            foreach (Decision decision in step.Decisions)
            {
                json.WriteStartObject();
                json.WriteString("decision", decision.Name);
                WriteNumbers(json, "values", decision.Values.AsSpan());
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Reads a step. It is not yet held to <see cref="TraceRules"/>.</summary>
    /// <exception cref="Documents.PimSimUserException">Not a step.</exception>
    public static Step Read(StrictJson json)
    {
        Step step = new(
            json.Size("step"),
            json.Word<Phase>("phase"),
            [.. json.Objects("blocks").Select(ReadBlock)],
            json.Size("committed_tokens"))
        {
            MeasuredNanoseconds = json.Has("measured_ns") ? ImmutableCollectionsMarshal.AsImmutableArray(json.Integers("measured_ns")) : [],
            Decisions = json.Has("decisions") ? [.. json.Objects("decisions").Select(ReadDecision)] : [],
        };
        json.RejectUnknownKeys();
        return step;
    }

    private static void Write(Utf8JsonWriter json, in Operator op, OperatorSources? sources)
    {
        json.WriteStartObject();
        OperatorJson.WriteShape(json, op);
        if (sources is { } known)
        {
            json.WriteStartArray("sources");
            json.WriteNumberValue(known.First);
            json.WriteNumberValue(known.Second);
            json.WriteEndArray();
        }

        if (op.Kind == OperatorKind.Opaque)
        {
            json.WriteString("label", op.Label);
            json.WriteNumber("opaque_ns", op.OpaqueNanoseconds);
        }

        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(key);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static StepBlock ReadBlock(StrictJson json)
    {
        ImmutableArray<Operator>.Builder operators = ImmutableArray.CreateBuilder<Operator>();
        List<OperatorSources> sources = [];
        foreach (StrictJson item in json.Objects("operators"))
        {
            operators.Add(ReadOperator(item));
            if (item.Has("sources"))
            {
                long[] distances = item.Integers("sources");
                if (distances.Length != 2 || distances[0] is < 0 or > int.MaxValue || distances[1] is < 0 or > int.MaxValue)
                {
                    throw item.Fault("'sources' are two distances of 0 or more");
                }

                sources.Add(new OperatorSources((int)distances[0], (int)distances[1]));
            }

            item.RejectUnknownKeys();
        }

        int repeat = json.Size("repeat");
        json.RejectUnknownKeys();
        return new StepBlock(operators.DrainToImmutable(), repeat) { Sources = [.. sources] };
    }

    private static Operator ReadOperator(StrictJson json) => new()
    {
        Kind = json.Word<OperatorKind>("kind"),
        Role = json.Word<OperatorRole>("role"),
        Phase = json.Word<Phase>("phase"),
        Rows = json.Size("rows"),
        Inputs = json.Size("inputs"),
        Outputs = json.Size("outputs"),
        Sequences = json.Size("sequences"),
        Heads = json.Size("heads"),
        KvHeads = json.Size("kv_heads"),
        HeadDim = json.Size("head_dim"),
        Context = json.Size("context"),
        Taps = json.Size("taps"),
        Stride = json.Size("stride"),
        Padding = json.Size("padding"),
        Group = json.Size("group"),
        Nonzeros = json.Size("nonzeros"),
        Experts = json.Size("experts"),
        Ranks = json.Size("ranks"),
        Collective = json.Word<CollectiveKind>("collective", CollectiveKind.None),
        Bias = json.Flag("bias"),
        Mask = json.Word<AttentionMask>("mask", AttentionMask.Causal),
        Activation = json.Word<ActivationKind>("activation", ActivationKind.None),
        Norm = json.Word<NormKind>("norm", NormKind.None),
        WeightType = json.Word<DataType>("weight_type"),
        ActivationType = json.Word<DataType>("activation_type"),
        KvType = json.Word<DataType>("kv_type"),
        Label = json.OptionalText("label"),
        OpaqueNanoseconds = json.Integer("opaque_ns", 0, TraceLimits.Nanoseconds, 0),
    };

    private static Decision ReadDecision(StrictJson json)
    {
        Decision decision = new(json.Text("decision"), ImmutableCollectionsMarshal.AsImmutableArray(json.Integers("values")));
        json.RejectUnknownKeys();
        return decision;
    }
}
