using System.Globalization;
using System.Text.RegularExpressions;
using PimSim.Traces.Training.Model;
using PimSim.Traces.Training.Numerics;
using PimSim.Traces.Training.Text;
using Xunit;

namespace PimSim.Traces.Training.Tests.Text;

/// <summary>What the generated text says is true: read again by parsers that know nothing of its writers.</summary>
public partial class TextTests
{
    private const int Documents = 400;

    [Fact]
    public void Every_result_of_arithmetic_is_right() => ForEach(TextKind.Arithmetic, text =>
    {
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (Exercise().Match(line) is { Success: true } match)
            {
                (int a, int b, int result) = (Number(match, 1), Number(match, 3), Number(match, 4));
                Assert.Equal(match.Groups[2].Value switch { "+" => a + b, "-" => a - b, _ => a * b }, result);
            }
            else
            {
                match = Problem().Match(line);
                Assert.True(match.Success, line);
                int change = Number(match, 3);
                Assert.Equal(Number(match, 1) + (match.Groups[2].Value == "gets" ? change : -change), Number(match, 4));
            }
        }
    });

    [Fact]
    public void Every_recalled_value_is_the_last_one_set() => ForEach(TextKind.Recall, text =>
    {
        Dictionary<string, string> store = new(StringComparer.Ordinal);
        int asked = 0;
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("set ", StringComparison.Ordinal))
            {
                string[] parts = line[4..].Split(" = ");
                store[parts[0]] = parts[1];
                continue;
            }

            Assert.StartsWith("get ", line, StringComparison.Ordinal);
            string[] question = line[4..].Split(" -> ");
            Assert.Equal(store[question[0]], question[1]);
            asked++;
        }

        Assert.InRange(store.Count, 3, 7);
    });

    [Fact]
    public void Code_uses_names_after_their_definition_in_blocks_of_four_spaces() => ForEach(TextKind.Code, text =>
    {
        Dictionary<string, int> functions = new(StringComparer.Ordinal);
        List<HashSet<string>> scopes = [[]];
        foreach (string line in text.Split('\n').Where(line => line.Length > 0))
        {
            int spaces = line.TakeWhile(letter => letter == ' ').Count();
            Assert.Equal(0, spaces % 4);
            int depth = spaces / 4;
            string code = line.Trim();
            if (scopes.Count > depth + 1)
            {
                scopes.RemoveRange(depth + 1, scopes.Count - depth - 1);
            }

            Assert.Equal(depth + 1, scopes.Count);
            if (Definition().Match(code) is { Success: true } definition)
            {
                string[] arguments = definition.Groups[2].Value.Split(", ");
                functions.Add(definition.Groups[1].Value, arguments.Length);
                scopes = [[], [.. arguments]];
                continue;
            }

            string used = code;
            string? defined = null;
            if (Loop().Match(code) is { Success: true } loop)
            {
                (defined, used) = (loop.Groups[1].Value, loop.Groups[2].Value);
            }
            else if (Assignment().Match(code) is { Success: true } assignment)
            {
                (defined, used) = (assignment.Groups[1].Value, assignment.Groups[3].Value);
                used += assignment.Groups[2].Value == "=" ? "" : " " + defined;
            }

            foreach (Match call in Call().Matches(used).Where(call => call.Groups[1].Value is not ("print" or "range")))
            {
                Assert.Equal(functions[call.Groups[1].Value], call.Groups[2].Value.Split(", ").Length);
            }

            foreach (string name in Name().Matches(used).Select(match => match.Value))
            {
                Assert.True(
                    name is "return" or "if" or "else" or "print" or "range" || functions.ContainsKey(name) || scopes.Exists(scope => scope.Contains(name)),
                    $"{name} is not known in '{line}' of\n{text}");
            }

            if (defined is not null && code.EndsWith(':'))
            {
                scopes.Add([defined]);
            }
            else if (code.EndsWith(':'))
            {
                scopes.Add([]);
            }
            else if (defined is not null)
            {
                scopes[^1].Add(defined);
            }
        }
    });

    [Fact]
    public void A_story_ends_with_where_the_thing_really_is() => ForEach(TextKind.Story, text =>
    {
        string story = text.Replace('\n', ' ');
        Match end = End().Match(story);
        Assert.True(end.Success, story);
        string thing = end.Groups[1].Value;
        string? owner = null;
        string? hider = null;
        string place = "";
        string about = "";
        Dictionary<string, string> at = new(StringComparer.Ordinal);
        foreach (string sentence in story[..end.Index].Split(". "))
        {
            if (Starts().Match(sentence) is { Success: true } start)
            {
                at[start.Groups[1].Value] = start.Groups[2].Value;
            }
            else if (sentence.Contains($"A {thing} ", StringComparison.Ordinal))
            {
                place = sentence.Split("at the ")[1].TrimEnd('.');
            }
            else if (Walks().Match(sentence) is { Success: true } walk)
            {
                about = Who(walk.Groups[1].Value);
                Assert.Equal(at[about], walk.Groups[2].Value);
                at[about] = walk.Groups[3].Value;
                string carried = walk.Groups[4].Value;
                Assert.Equal(owner == about, carried == $" with the {thing}" || (owner == about && carried.Length > 0));
            }
            else if (Takes().Match(sentence) is { Success: true } take)
            {
                about = Who(take.Groups[1].Success ? take.Groups[1].Value : take.Groups[2].Value);
                if (sentence.Contains(thing, StringComparison.Ordinal))
                {
                    Assert.Equal(place, at[about]);
                    owner = about;
                }
            }
            else if (Gives().Match(sentence) is { Success: true } give)
            {
                about = Who(give.Groups[1].Value);
                Assert.Equal(at[about], at[give.Groups[3].Value]);
                if (give.Groups[2].Value == thing)
                {
                    Assert.Equal(owner, about);
                    owner = give.Groups[3].Value;
                }
            }
            else if (Hides().Match(sentence) is { Success: true } hide)
            {
                about = Who(hide.Groups[1].Value);
                Assert.Equal(at[about], hide.Groups[3].Value);
                if (hide.Groups[2].Value == thing)
                {
                    (owner, hider, place) = (null, about, hide.Groups[3].Value);
                }
            }
            else if (Feels().Match(sentence) is { Success: true } feel)
            {
                about = Who(feel.Groups[1].Value);
            }
        }

        string expected = owner is not null ? $"{owner} had it at the {at[owner]}"
            : hider is not null ? $"it was in the {place}, where {hider} had hidden it"
            : $"it was still at the {place}";
        Assert.True(expected == end.Groups[2].Value, $"expected '{expected}' in\n{story}");

        string Who(string subject) => subject is "She" or "He" ? about : subject;
    });

    [Fact]
    public void A_seed_gives_the_same_tokens_and_another_seed_others()
    {
        int[] tokens = GeneratedCorpus.Tokens(new SeededRandom(1), 5000);
        Assert.Equal(tokens, GeneratedCorpus.Tokens(new SeededRandom(1), 5000));
        Assert.NotEqual(tokens, GeneratedCorpus.Tokens(new SeededRandom(2), 5000));
        Assert.Equal(DecoderConfiguration.BeginToken, tokens[0]);
        Assert.All(tokens, token => Assert.InRange(token, 0, DecoderConfiguration.EndToken));
        for (int i = 1; i < tokens.Length; i++)
        {
            Assert.Equal(tokens[i] == DecoderConfiguration.BeginToken, tokens[i - 1] == DecoderConfiguration.EndToken);
        }
    }

    private static void ForEach(TextKind kind, Action<string> check)
    {
        for (int seed = 0; seed < Documents; seed++)
        {
            string text = GeneratedCorpus.Document(kind, new SeededRandom((ulong)seed));
            Assert.All(text, letter => Assert.True(letter is '\n' or (>= ' ' and < (char)127)));
            check(text);
        }
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<first>\d+) (?<second>[+*-]) (?<third>\d+) = (?<fourth>\d+)$", RegexOptions.None, 10_000)]
    private static partial Regex Exercise();

    [GeneratedRegex(@"^\w+ has (?<first>\d+) \w+ and (?<second>gets|gives) (?<third>\d+) (?:more|away)\. Now s?he has (?<fourth>\d+) \w+\.$", RegexOptions.None, 10_000)]
    private static partial Regex Problem();

    [GeneratedRegex(@"^def (?<first>\w+)\((?<second>.+)\):$", RegexOptions.None, 10_000)]
    private static partial Regex Definition();

    [GeneratedRegex(@"^for (?<first>\w+) in range\((?<second>\w+)\):$", RegexOptions.None, 10_000)]
    private static partial Regex Loop();

    [GeneratedRegex(@"^(?<first>\w+) (?<second>[+*-]?=) (?<third>.+)$", RegexOptions.None, 10_000)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(?<first>\w+)\((?<second>[^)]*)\)", RegexOptions.None, 10_000)]
    private static partial Regex Call();

    [GeneratedRegex(@"[a-z_]\w*", RegexOptions.None, 10_000)]
    private static partial Regex Name();

    [GeneratedRegex(@"In the end \w+ asked where the (?<first>.+?) was\. The answer was easy: (?<second>.+?)\. ", RegexOptions.None, 10_000)]
    private static partial Regex End();

    [GeneratedRegex(@"(?<first>\w+) the \w+ was at the (?<second>\w+)(?: too)?\.?$", RegexOptions.None, 10_000)]
    private static partial Regex Starts();

    [GeneratedRegex(@"^(?<first>\w+) (?:walked|ran|went|hurried) from the (?<second>\w+) to the (?<third>\w+)(?<fourth> with the .+)?$", RegexOptions.None, 10_000)]
    private static partial Regex Walks();

    [GeneratedRegex(@"^(?:(?<first>\w+) found the .+ and took it|At the \w+ (?<second>\w+) picked up the .+)$", RegexOptions.None, 10_000)]
    private static partial Regex Takes();

    [GeneratedRegex(@"^(?<first>\w+) gave the (?<second>.+) to (?<third>\w+)$", RegexOptions.None, 10_000)]
    private static partial Regex Gives();

    [GeneratedRegex(@"^(?<first>\w+) hid the (?<second>.+) in the (?<third>\w+), where nobody would look for it$", RegexOptions.None, 10_000)]
    private static partial Regex Hides();

    [GeneratedRegex(@"^(?<first>\w+) was \w+(?: because of the .+| and thought of the .+)?$", RegexOptions.None, 10_000)]
    private static partial Regex Feels();
}
