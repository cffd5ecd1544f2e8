using System.Reflection;
using PimSim.Traces.Format.Operators;
using Xunit;

namespace PimSim.Traces.Format.Tests.Operators;

public class OperatorEqualityTests
{
    public static TheoryData<string> Properties =>
        [.. typeof(Operator).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name)];

    [Theory]
    [MemberData(nameof(Properties))]
    public void Operators_that_differ_in_one_property_are_not_equal(string name)
    {
        Operator op = new() { Kind = OperatorKind.Gemm, Role = OperatorRole.FfnUp, Phase = Phase.Prefill, Rows = 3 };
        PropertyInfo property = typeof(Operator).GetProperty(name)!;
        object changed = op;
        property.SetValue(changed, Other(property.GetValue(op)));
        Assert.NotEqual(op, (Operator)changed);

        property.SetValue(changed, property.GetValue(op));
        Assert.Equal(op, (Operator)changed);
        Assert.Equal(op.GetHashCode(), changed.GetHashCode());
    }

    private static object Other(object? value) => value switch
    {
        null => "a label",
        long number => number + 1,
        bool flag => !flag,
        int number => number + 1,
        Enum word => Enum.ToObject(word.GetType(), Convert.ToInt32(word, null) + 1),
        _ => throw new NotSupportedException(value.ToString()),
    };
}
