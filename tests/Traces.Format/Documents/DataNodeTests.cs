using CsCheck;
using PimSim.Traces.Format.Documents;
using Xunit;

namespace PimSim.Traces.Format.Tests.Documents;

public class DataNodeTests
{
    private static readonly string[] Letters = ["alpha", "beta"];

    [Fact]
    public void An_unknown_key_is_named_with_its_line_and_the_nearest_known_one()
    {
        DataNode root = Parse("channels: 4\nbnaks: 16\n", out ProblemList problems);
        root.Required("channels").Integer(1, 8, 1);
        root.Optional("banks").Integer(1, 64, 1);
        root.RejectUnknownKeys();
        Problem problem = Assert.Single(problems.Problems);
        Assert.Equal((2, 1), (problem.Line, problem.Column));
        Assert.Equal("unknown key 'bnaks'; did you mean 'banks'?", problem.Message);
    }

    [Fact]
    public void The_line_of_an_unknown_key_is_right_wherever_it_stands() => Gen.Int[0, 30].Sample(before =>
    {
        string text = string.Concat(Enumerable.Range(0, before).Select(index => $"key{index}: 1\n")) + "stranger: 2\nlast: 3\n";
        DataNode root = Parse(text, out ProblemList problems);
        for (int index = 0; index < before; index++)
        {
            root.Required($"key{index}").Integer(0, 9, 0);
        }

        root.Required("last").Integer(0, 9, 0);
        root.RejectUnknownKeys();
        Assert.Equal(before + 1, Assert.Single(problems.Problems).Line);
    });

    [Fact]
    public void Several_problems_are_reported_at_once_each_with_its_place()
    {
        DataNode root = Parse("count: many\nshare: maybe\ntime: 3 GB\nword: beto\nnested:\n  x: 99\n", out ProblemList problems);
        root.Required("count").Integer(0, 9, 0);
        root.Required("share").Flag(false);
        root.Required("time").Quantity(Dimension.Time);
        root.Required("word").Word(Letters, "alpha");
        root.Required("nested").Required("x").Integer(0, 9, 0);
        root.Required("absent");

        PimSimUserException fault = Assert.Throws<PimSimUserException>(problems.ThrowIfAny);
        Assert.Equal(
            [
                "file.yaml:1:8: count: 'many' is not a whole number",
                "file.yaml:2:8: share: 'maybe' is neither true nor false",
                "file.yaml:3:7: time: '3 GB' is a size; write a time with one of the units ps, ns, us, ms, s, years",
                "file.yaml:4:7: word: 'beto' is not known; did you mean 'beta'?",
                "file.yaml:6:6: nested.x: 99 is out of range: 0 to 9 is allowed",
                "file.yaml:1:1: 'absent' is missing",
            ],
            fault.Message.Split(Environment.NewLine));
    }

    [Theory]
    [InlineData("5 ns", "5000", "")]
    [InlineData("-5 ns", "1", "negative")]
    [InlineData("5", "1", "has no unit")]
    [InlineData("5 parsecs", "1", "not a unit")]
    [InlineData("fast", "1", "is not a time")]
    [InlineData("[1, 2]", "1", "is not a time")]
    public void A_quantity_that_cannot_be_read_gives_the_harmless_value_and_a_problem(string text, string value, string complaint)
    {
        DataNode root = Parse($"t: {text}\n", out ProblemList problems);
        Assert.Equal(value, root.Required("t").Quantity(Dimension.Time).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(complaint.Length > 0, problems.Problems.Count == 1);
        Assert.All(problems.Problems, problem => Assert.Contains(complaint, problem.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_parent_does_not_multiply_into_complaints_about_its_children()
    {
        DataNode root = Parse("a: 1\n", out ProblemList problems);
        DataNode absent = root.Required("absent");
        absent.Required("x").Integer(0, 1, 0);
        absent.RejectUnknownKeys();
        Assert.Single(problems.Problems);
    }

    [Fact]
    public void A_scalar_counts_as_a_list_of_one_and_items_carry_their_lines()
    {
        DataNode root = Parse("one: x\nmany:\n  - p\n  - q\n", out ProblemList problems);
        Assert.Equal(["x"], root.Required("one").Items().Select(item => item.RawText));
        Assert.Equal([("p", 3), ("q", 4)], root.Required("many").Items().Select(item => (item.RawText, item.Line)));
        Assert.Empty(problems.Problems);
    }

    [Theory]
    [InlineData("a: 1\nb: 2\na: 3\n", "file.yaml:3:1: not valid YAML: Duplicate key a")]
    [InlineData("", "file.yaml:1:1: the file is empty")]
    [InlineData("# nothing\n", "file.yaml:1:1: the file is empty")]
    [InlineData("a: 1\n---\nb: 2\n", "file.yaml:2:1: a second document begins; PimSim reads one per file")]
    [InlineData("a:\n  - &x {b: *x}\n", "file.yaml:2:12: '*x' is inside of what it stands for")]
    [InlineData("a: *x\n", "file.yaml:1:4: '*x' stands for nothing: there is no '&x' before it")]
    [InlineData("[a, b]: 1\n", "file.yaml:1:1: a key is a single text, not a list or a mapping")]
    public void A_broken_document_is_refused_with_its_place(string text, string message) =>
        Assert.Equal(message, Assert.Throws<PimSimUserException>(() => Parse(text, out _)).Message);

    [Fact]
    public void An_anchor_may_be_used_again_further_down()
    {
        DataNode root = Parse("a: &x {b: 1}\nc: *x\n", out ProblemList problems);
        Assert.Equal(1, root.Required("c").Required("b").Integer(0, 9, 0));
        Assert.Empty(problems.Problems);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    [InlineData(200_000, false)]
    public void Deep_nesting_is_refused_before_it_can_end_the_process(int depth, bool accepted)
    {
        string text = new string('[', depth) + new string(']', depth);
        Exception? fault = Record.Exception(() => Parse(text, out _));
        Assert.Equal(accepted, fault is null);
        Assert.True(fault is null or PimSimUserException);
    }

    [Fact]
    public void A_file_that_is_cut_off_anywhere_gives_a_problem_or_a_shorter_document_but_never_a_crash()
    {
        const string Whole = "kind: device\nlist: [1, {a: 'b'}]\ntext: |\n  one\n  two\nquoted: \"x\\u00e9\"\n";
        for (int length = 0; length < Whole.Length; length++)
        {
            Exception? fault = Record.Exception(() => Walk(Parse(Whole[..length], out _), 0));
            Assert.True(fault is null or PimSimUserException, $"cut at {length}: {fault}");
        }

        Assert.Throws<PimSimUserException>(() => Parse(Whole[..Whole.IndexOf("'b'", StringComparison.Ordinal)], out _));
    }

    [Fact]
    public void Random_bytes_never_escape_as_anything_but_a_user_error() => Gen.Byte.Array[0, 60].Sample(
        bytes => AssertReadable(System.Text.Encoding.UTF8.GetString(bytes)), iter: 20_000);

    [Fact]
    public void Random_yaml_like_text_never_escapes_as_anything_but_a_user_error() =>
        Gen.Char["[]{}:,-?&*!|>'\"%@`#\n \tab01\\<~=Ux"].Array[0, 30].Sample(text => AssertReadable(new string(text)), iter: 50_000);

    [Theory]
    [InlineData("a: \"\\UFFFFFFFF\"")]
    [InlineData("!<>")]
    [InlineData("{!!'b00?*[\n1'a*\n#\"")]
    public void Text_on_which_the_library_itself_fails_is_a_user_error(string text) =>
        Assert.Throws<PimSimUserException>(() => Parse(text, out _));

    [Fact]
    public void A_file_that_cannot_be_read_is_a_user_error()
    {
        Assert.Throws<PimSimUserException>(() => DataNode.Load("/no/such/file.yaml", new ProblemList()));
        Assert.Throws<PimSimUserException>(() => DataNode.Load(Path.GetTempPath(), new ProblemList()));
        Assert.Throws<PimSimUserException>(() => DataNode.Load("", new ProblemList()));
    }

    private static void AssertReadable(string text)
    {
        try
        {
            Walk(Parse(text, out ProblemList problems), 0);
            Assert.All(problems.Problems, problem => Assert.True(problem.Line > 0));
        }
        catch (PimSimUserException)
        {
        }
    }

    private static void Walk(DataNode node, int depth)
    {
        Assert.True(depth <= 200);
        node.Integer(0, 9, 0);
        node.Flag(true);
        node.Quantity(Dimension.Ratio);
        node.Text();
        node.RejectUnknownKeys();
        foreach ((_, DataNode value) in node.IsMapping ? node.Entries() : [])
        {
            Walk(value, depth + 1);
        }

        foreach (DataNode item in node.IsList ? node.Items() : [])
        {
            Walk(item, depth + 1);
        }
    }

    private static DataNode Parse(string text, out ProblemList problems)
    {
        problems = new ProblemList();
        return DataNode.Parse("file.yaml", text, problems);
    }
}
