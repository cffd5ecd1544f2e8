using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;

namespace PimSim.Traces.Format.Exporters;

/// <summary>
/// A trace as an MLCommons Chakra execution trace (.et): a GlobalMetadata message and a Node message for each executed operator, each behind
/// its length (mlcommons/chakra, schema/protobuf/et_def.proto). Attributes that feeders know are num_ops (FLOPs), tensor_size (bytes) and
/// is_cpu_op; the operator's shape stands beside them.
/// </summary>
public static class ChakraTrace
{
    // Chakra's writers call the schema so; the reader does not look at it.
    private const string SchemaVersion = "0.0.4";

    private const int MemLoadNode = 2;
    private const int MemStoreNode = 3;
    private const int CompNode = 4;

    // Field numbers of et_def.proto.
    private const int MetadataVersion = 1;
    private const int MetadataAttr = 2;
    private const int NodeId = 1;
    private const int NodeName = 2;
    private const int NodeType = 3;
    private const int NodeCtrlDeps = 4;
    private const int NodeDataDeps = 5;
    private const int NodeStartMicros = 6;
    private const int NodeDurationMicros = 7;
    private const int NodeAttr = 10;
    private const int AttrName = 1;
    private const int AttrInt64 = 9;
    private const int AttrUint64 = 13;
    private const int AttrBool = 27;
    private const int AttrString = 29;

    /// <summary>Writes all steps, one at a time.</summary>
    /// <exception cref="Documents.PimSimUserException">The trace is wrong.</exception>
    public static void Write(Stream stream, TraceHeader header, IEnumerable<Step> steps)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(steps);
        ProtobufMessage message = new();
        ProtobufMessage attr = new();
        message.Text(MetadataVersion, SchemaVersion);
        AddText(message, MetadataAttr, attr, "program", header.Program);
        AddText(message, MetadataAttr, attr, "model", header.Footprint.Model);
        AddText(message, MetadataAttr, attr, "technique", header.Technique);
        AddText(message, MetadataAttr, attr, "backend", header.Backend);
        AddText(message, MetadataAttr, attr, "machine", header.Machine);
        message.WriteDelimited(stream);

        bool onCpu = header.Backend == "cpu";
        ulong id = 0;
        long clock = 0;
        foreach (Step step in steps)
        {
            ulong beforeStep = id;
            foreach (ExecutedOperator executed in StepOperators.Of(step))
            {
                id++;
                message.Clear();
                WriteNode(message, attr, step, executed, id, beforeStep, clock, onCpu);
                message.WriteDelimited(stream);
                clock += executed.Nanoseconds ?? 0;
            }
        }
    }

    private static void WriteNode(ProtobufMessage node, ProtobufMessage attr, Step step, in ExecutedOperator executed, ulong id, ulong beforeStep, long clock, bool onCpu)
    {
        Operator op = executed.Op;
        var cost = OperatorCost.Of(op);
        node.Number(NodeId, (long)id);
        node.Text(NodeName, op.Label ?? EnumWords<OperatorRole>.Of(op.Role));
        node.Number(NodeType, op.Kind switch
        {
            OperatorKind.Embedding => MemLoadNode,
            OperatorKind.KvAppend => MemStoreNode,
            _ => CompNode,
        });
        WriteDependencies(node, executed, id, beforeStep);
        if (executed.Nanoseconds is { } nanoseconds)
        {
            node.Number(NodeStartMicros, clock / 1000);
            node.Number(NodeDurationMicros, (nanoseconds + 500) / 1000);
            AddNumber(node, attr, "duration_ns", AttrInt64, nanoseconds);
        }

        AddNumber(node, attr, "is_cpu_op", AttrBool, onCpu ? 1 : 0);
        AddNumber(node, attr, "num_ops", AttrInt64, cost.Flops);
        AddNumber(node, attr, "tensor_size", AttrUint64, cost.Bytes);
        AddNumber(node, attr, "step", AttrInt64, step.Index);
        AddNumber(node, attr, "instance", AttrInt64, executed.Instance);
        AddText(node, NodeAttr, attr, "kind", EnumWords<OperatorKind>.Of(op.Kind));
        AddText(node, NodeAttr, attr, "role", EnumWords<OperatorRole>.Of(op.Role));
        AddText(node, NodeAttr, attr, "phase", EnumWords<Phase>.Of(op.Phase));
        AddNumber(node, attr, "rows", AttrInt64, op.Rows);
        AddSize(node, attr, "inputs", op.Inputs);
        AddSize(node, attr, "outputs", op.Outputs);
        AddSize(node, attr, "sequences", op.Sequences);
        AddSize(node, attr, "heads", op.Heads);
        AddSize(node, attr, "kv_heads", op.KvHeads);
        AddSize(node, attr, "head_dim", op.HeadDim);
        AddSize(node, attr, "context", op.Context);
    }

    /// <summary>
    /// Inputs from within the step, or else the last operator of the step before: its token or its draft. Where sources are not known, the
    /// operator before, as a matter of order.
    /// </summary>
    private static void WriteDependencies(ProtobufMessage node, in ExecutedOperator executed, ulong id, ulong beforeStep)
    {
        if (executed.Sources is not { } sources)
        {
            node.Packed(NodeCtrlDeps, id > 1 ? [id - 1] : []);
            return;
        }

        Span<ulong> data = stackalloc ulong[2];
        int count = 0;
        if (sources.First > 0)
        {
            data[count++] = id - (ulong)sources.First;
        }

        if (sources.Second > 0 && sources.Second != sources.First)
        {
            data[count++] = id - (ulong)sources.Second;
        }

        if (count == 0 && beforeStep > 0)
        {
            data[count++] = beforeStep;
        }

        node.Packed(NodeDataDeps, data[..count]);
    }

    private static void AddText(ProtobufMessage message, int field, ProtobufMessage attr, string name, string value)
    {
        attr.Clear();
        attr.Text(AttrName, name);
        attr.Text(AttrString, value, always: true);
        message.Message(field, attr);
    }

    private static void AddNumber(ProtobufMessage node, ProtobufMessage attr, string name, int type, long value)
    {
        attr.Clear();
        attr.Text(AttrName, name);
        attr.Number(type, value, always: true);
        node.Message(NodeAttr, attr);
    }

    private static void AddSize(ProtobufMessage node, ProtobufMessage attr, string name, int size)
    {
        if (size != 0)
        {
            AddNumber(node, attr, name, AttrInt64, size);
        }
    }
}
