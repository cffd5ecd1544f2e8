using CsCheck;
using Google.Protobuf;
using PimSim.Traces.Format.Exporters;
using PimSim.Traces.Format.Files;
using PimSim.Traces.Format.Operators;
using PimSim.Traces.Format.Tests.Files;
using Xunit;

namespace PimSim.Traces.Format.Tests.Exporters;

/// <summary>Read back with Google's decoder, which shares nothing with our writer, by the field numbers of et_def.proto.</summary>
public class ChakraTraceTests
{
    private sealed record Node(ulong Id, string Name, int Type, ulong[] CtrlDeps, ulong[] DataDeps, ulong Start, ulong Duration, Dictionary<string, object> Attributes);

    [Fact]
    public void Every_operator_is_a_node_that_depends_on_what_made_its_inputs() => Gen.Select(RandomTrace.Header, RandomTrace.Steps).Sample((header, steps) =>
    {
        using MemoryStream stream = new();
        ChakraTrace.Write(stream, header, steps);
        stream.Position = 0;
        CodedInputStream input = new(stream);
        (string version, Dictionary<string, object> metadata) = ReadMetadata(Message(input));
        Assert.Equal("0.0.4", version);
        Assert.Equal(header.Footprint.Model, metadata["model"]);

        ulong id = 0;
        long clock = 0;
        foreach (Step step in steps)
        {
            ulong before = id;
            int executed = 0;
            foreach ((Operator op, OperatorSources? sources) in step.Blocks.SelectMany(block => Enumerable.Repeat(
                block.Operators.Select((op, i) => (op, block.Sources.IsEmpty ? (OperatorSources?)null : block.Sources[i])), block.Repeat).SelectMany(pairs => pairs)))
            {
                id++;
                Node node = ReadNode(Message(input));
                Assert.Equal(id, node.Id);
                Assert.Equal(op.Kind switch { OperatorKind.Embedding => 2, OperatorKind.KvAppend => 3, _ => 4 }, node.Type);
                Assert.Equal((OperatorCost.Of(op).Flops, (ulong)OperatorCost.Of(op).Bytes), ((long)node.Attributes["num_ops"], (ulong)node.Attributes["tensor_size"]));
                Assert.Equal(op.Label ?? TraceWords.Of(op.Role), node.Name);
                Assert.Equal((long)step.Index, node.Attributes["step"]);
                Assert.Equal(header.Backend == "cpu", node.Attributes["is_cpu_op"]);
                if (sources is { } known)
                {
                    ulong[] expected = [.. new[] { known.First, known.Second }.Where(distance => distance > 0).Distinct().Select(distance => id - (ulong)distance)];
                    Assert.Equal(expected.Length > 0 || before == 0 ? expected : [before], node.DataDeps);
                    Assert.Empty(node.CtrlDeps);
                }
                else
                {
                    Assert.Equal(id > 1 ? [id - 1] : [], node.CtrlDeps);
                    Assert.Empty(node.DataDeps);
                }

                long? time = step.MeasuredNanoseconds.IsEmpty ? (op.Kind == OperatorKind.Opaque ? op.OpaqueNanoseconds : null) : step.MeasuredNanoseconds[executed];
                Assert.Equal(time, node.Attributes.GetValueOrDefault("duration_ns"));
                Assert.Equal((ulong)(((time ?? 0) + 500) / 1000), node.Duration);
                Assert.Equal(time is null ? 0 : (ulong)(clock / 1000), node.Start);
                clock += time ?? 0;
                executed++;
            }
        }

        Assert.True(input.IsAtEnd);
    });

    private static CodedInputStream Message(CodedInputStream input) => input.ReadBytes().CreateCodedInput();

    private static (string Version, Dictionary<string, object> Attributes) ReadMetadata(CodedInputStream input)
    {
        string version = "";
        Dictionary<string, object> attributes = [];
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (tag)
            {
                case (1 << 3) | 2:
                    version = input.ReadString();
                    break;
                case (2 << 3) | 2:
                    AddAttribute(Message(input), attributes);
                    break;
                default:
                    throw new InvalidDataException($"tag {tag} in GlobalMetadata");
            }
        }

        return (version, attributes);
    }

    private static Node ReadNode(CodedInputStream input)
    {
        Node node = new(0, "", 0, [], [], 0, 0, []);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (tag)
            {
                case (1 << 3) | 0:
                    node = node with { Id = input.ReadUInt64() };
                    break;
                case (2 << 3) | 2:
                    node = node with { Name = input.ReadString() };
                    break;
                case (3 << 3) | 0:
                    node = node with { Type = input.ReadEnum() };
                    break;
                case (4 << 3) | 2:
                    node = node with { CtrlDeps = Packed(Message(input)) };
                    break;
                case (5 << 3) | 2:
                    node = node with { DataDeps = Packed(Message(input)) };
                    break;
                case (6 << 3) | 0:
                    node = node with { Start = input.ReadUInt64() };
                    break;
                case (7 << 3) | 0:
                    node = node with { Duration = input.ReadUInt64() };
                    break;
                case (10 << 3) | 2:
                    AddAttribute(Message(input), node.Attributes);
                    break;
                default:
                    throw new InvalidDataException($"tag {tag} in Node");
            }
        }

        return node;
    }

    private static ulong[] Packed(CodedInputStream input)
    {
        List<ulong> values = [];
        while (!input.IsAtEnd)
        {
            values.Add(input.ReadUInt64());
        }

        return [.. values];
    }

    private static void AddAttribute(CodedInputStream input, Dictionary<string, object> attributes)
    {
        string name = "";
        object? value = null;
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (tag)
            {
                case (1 << 3) | 2:
                    name = input.ReadString();
                    break;
                case (9 << 3) | 0:
                    value = input.ReadInt64();
                    break;
                case (13 << 3) | 0:
                    value = input.ReadUInt64();
                    break;
                case (27 << 3) | 0:
                    value = input.ReadBool();
                    break;
                case (29 << 3) | 2:
                    value = input.ReadString();
                    break;
                default:
                    throw new InvalidDataException($"tag {tag} in AttributeProto");
            }
        }

        attributes.Add(name, value ?? throw new InvalidDataException($"attribute {name} without a value"));
    }
}
