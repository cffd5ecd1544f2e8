using System.Text.Json;
using PimSim.Traces.Format.Importers.Reading;

namespace PimSim.Traces.Format.Importers.Kineto;

/// <summary>
/// Reads the argument lists that the profiler writes with <c>record_shapes</c>: sizes like <c>[[2, 8], [], [[2], [3]]]</c>
/// (a tensor, a scalar, a list of tensors), types, and values like <c>["", "True", "1"]</c>.
/// </summary>
internal static class ArgumentListReader
{
    /// <summary>Reads the property whose name is the current token.</summary>
    public static void ReadSizes(ref JsonTokens json, OperatorArguments into)
    {
        into.ClearSizes();
        if (!OpensArray(ref json))
        {
            return;
        }

        while (json.Next() != JsonTokenType.EndArray)
        {
            bool plain = json.Type == JsonTokenType.StartArray;
            if (plain)
            {
                while (json.Next() != JsonTokenType.EndArray)
                {
                    bool size = json.Type == JsonTokenType.Number
                        & DecimalNumber.TryScale(json.Raw, 0, out long value, out bool exact)
                        && exact
                        && value >= 0;
                    into.AddSize(value);
                    plain &= size;
                    json.Skip();
                }
            }

            json.Skip();
            into.EndSizes(plain);
        }
    }

    /// <summary>Reads the property whose name is the current token.</summary>
    public static void ReadTypes(ref JsonTokens json, OperatorArguments into)
    {
        into.ClearTypes();
        if (!OpensArray(ref json))
        {
            return;
        }

        while (json.Next() != JsonTokenType.EndArray)
        {
            into.AddType(json.Type == JsonTokenType.String ? TensorTypes.Parse(json.Raw) : TensorType.Unknown);
            json.Skip();
        }
    }

    /// <summary>Reads the property whose name is the current token.</summary>
    public static void ReadValues(ref JsonTokens json, OperatorArguments into)
    {
        into.ClearValues();
        if (!OpensArray(ref json))
        {
            return;
        }

        while (json.Next() != JsonTokenType.EndArray)
        {
            into.AddValue(json.Type == JsonTokenType.String ? Value(json.Raw) : null);
            json.Skip();
        }
    }

    private static long? Value(ReadOnlySpan<byte> text) =>
        text.IsEmpty ? null
        : text.SequenceEqual("True"u8) ? 1
        : text.SequenceEqual("False"u8) ? 0
        : DecimalNumber.TryScale(text, 0, out long value, out bool exact) && exact ? value
        : OperatorArguments.OtherValue;

    private static bool OpensArray(ref JsonTokens json)
    {
        bool array = json.Next() == JsonTokenType.StartArray;
        if (!array)
        {
            json.Skip();
        }

        return array;
    }
}
