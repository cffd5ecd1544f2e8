using System.Globalization;
using System.Text;
using PimSim.Traces.Training.Numerics;

namespace PimSim.Traces.Training.Text;

/// <summary>
/// Code in a small language with indented blocks: functions, loops, conditions, assignments. A name is used only after it was
/// given a value, and a function only after it was defined, with as many arguments as it takes.
/// </summary>
internal sealed class CodeText
{
    private static readonly string[] Names = ["total", "count", "index", "value", "limit", "left", "right", "width", "height", "price", "score", "offset", "result", "step", "size", "sum", "rate", "best"];

    private static readonly string[] Verbs = ["compute", "update", "find", "scale", "count", "reduce", "check", "merge", "measure", "select"];

    private static readonly string[] Nouns = ["total", "area", "price", "range", "score", "items", "average", "limit", "error", "weight"];

    private readonly SeededRandom _random;
    private readonly StringBuilder _text = new();
    private readonly List<(string Name, int Arguments)> _functions = [];

    private CodeText(SeededRandom random) => _random = random;

    /// <summary>Writes one program.</summary>
    public static string Write(SeededRandom random) => new CodeText(random).WriteProgram();

    private string WriteProgram()
    {
        int functions = _random.Next(1, 3);
        for (int i = 0; i < functions; i++)
        {
            WriteFunction();
        }

        List<string> scope = [];
        int calls = _random.Next(1, 3);
        for (int i = 0; i < calls; i++)
        {
            string name = NewName(scope);
            Line(0, $"{name} = {Call(scope)}");
            scope.Add(name);
        }

        Line(0, $"print({string.Join(", ", scope)})");
        return _text.ToString();
    }

    private void WriteFunction()
    {
        string name = $"{_random.Pick(Verbs)}_{_random.Pick(Nouns)}";
        if (_functions.Exists(function => function.Name == name))
        {
            name += "_again";
        }

        List<string> scope = [.. _random.PickSome(Names, _random.Next(1, 3))];
        int arguments = scope.Count;
        Line(0, $"def {name}({string.Join(", ", scope)}):");
        WriteBlock(1, scope, _random.Next(2, 4));
        Line(1, $"return {(_random.Chance(60) ? scope[^1] : Expression(scope))}");
        _text.Append('\n');
        _functions.Add((name, arguments));
    }

    private void WriteBlock(int depth, List<string> scope, int statements)
    {
        for (int i = 0; i < statements; i++)
        {
            int choice = _random.Next(100);
            if (choice < 35 || depth > 2)
            {
                Assign(depth, scope);
            }
            else if (choice < 55)
            {
                Line(depth, $"{_random.Pick(scope)} {_random.Pick(["+=", "-=", "*="])} {Operand(scope)}");
            }
            else if (choice < 75)
            {
                string variable = _random.Pick(["i", "j", "k"]);
                variable = scope.Contains(variable) ? "n" : variable;
                Line(depth, $"for {variable} in range({Operand(scope)}):");
                WriteBlock(depth + 1, [.. scope, variable], _random.Next(1, 2));
            }
            else if (choice < 92)
            {
                Line(depth, $"if {_random.Pick(scope)} {_random.Pick(["<", ">", "==", "!="])} {Operand(scope)}:");
                WriteBlock(depth + 1, [.. scope], 1);
                if (_random.Chance(40))
                {
                    Line(depth, "else:");
                    WriteBlock(depth + 1, [.. scope], 1);
                }
            }
            else if (_functions.Count > 0)
            {
                Line(depth, $"{_random.Pick(scope)} = {Call(scope)}");
            }
            else
            {
                Line(depth, $"print({_random.Pick(scope)})");
            }
        }
    }

    private void Assign(int depth, List<string> scope)
    {
        string name = _random.Chance(50) ? NewName(scope) : _random.Pick(scope);
        Line(depth, $"{name} = {Expression(scope)}");
        if (!scope.Contains(name))
        {
            scope.Add(name);
        }
    }

    private string NewName(List<string> scope)
    {
        string[] free = [.. Names.Where(name => !scope.Contains(name))];
        return free.Length == 0 ? scope[0] : _random.Pick(free);
    }

    private string Call(List<string> scope)
    {
        (string name, int arguments) = _random.Pick(_functions);
        return $"{name}({string.Join(", ", Enumerable.Range(0, arguments).Select(_ => Operand(scope)))})";
    }

    private string Expression(List<string> scope) => scope.Count == 0 || _random.Chance(25)
        ? Operand(scope)
        : $"{_random.Pick(scope)} {_random.Pick(["+", "-", "*"])} {Operand(scope)}";

    private string Operand(List<string> scope) => scope.Count == 0 || _random.Chance(45)
        ? _random.Next(0, 20).ToString(CultureInfo.InvariantCulture)
        : _random.Pick(scope);

    private void Line(int depth, string line) => _text.Append(' ', depth * 4).Append(line).Append('\n');
}
