using System.Text;
using CsCheck;
using PimSim.Traces.Engine.Text;
using Xunit;

namespace PimSim.Traces.Engine.Tests.Text;

public class ByteTokenizerTests
{
    [Fact]
    public void A_text_is_its_utf8_bytes_after_the_begin_token() => Gen.String.Sample(text =>
    {
        ByteTokenizer tokenizer = new();
        IReadOnlyList<int> tokens = tokenizer.Encode(text);
        Assert.Equal(256, tokens[0]);
        Assert.Equal(Encoding.UTF8.GetBytes(text).Select(value => (int)value), tokens.Skip(1));
        Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), tokenizer.Decode(tokens.Append(257)));
    });

    [Fact]
    public void What_is_no_text_becomes_the_replacement_character() =>
        Assert.Equal("a\uFFFDb\uFFFD\uFFFD", new ByteTokenizer().Decode([256, 'a', 258, 'b', -1, 0xC3, 257]));
}
