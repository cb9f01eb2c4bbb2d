using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Tests.Daemons;

public class EnvironmentFileTests
{
    [Theory]
    [InlineData("A=1\nB=2", "A=1", "B=2")]
    [InlineData("\uFEFFA=1\r\n\r\nB=2\r\n", "A=1", "B=2")]
    [InlineData("# comment\n  A = spaced out \t# comment\nB=a#b", "A=spaced out", "B=a#b")]
    [InlineData("export A=1\nexport\tB=2\nexport=3", "A=1", "B=2", "export=3")]
    [InlineData("A=\nB=''\nC=\"\"", "A=", "B=", "C=")]
    [InlineData("A='$HOME \\n \"x\"' # comment", "A=$HOME \\n \"x\"")]
    [InlineData("A=\"a\\nb\\\"c\\\\ \\$d $HOME \\x\"", "A=a\nb\"c\\ $d $HOME \\x")]
    [InlineData("A=\"first\nsecond\"\nB='third\nfourth'\nC=1", "A=first\nsecond", "B=third\nfourth", "C=1")]
    [InlineData("A=b=c\nURL=postgres://u:p@h/d?x=1&y={port}", "A=b=c", "URL=postgres://u:p@h/d?x=1&y={port}")]
    [InlineData("A=1\nA=2", "A=1", "A=2")]
    [InlineData("a.b-c_1=x", "a.b-c_1=x")]
    [InlineData("")]
    [InlineData("\n\n# nothing\n")]
    public void Parse_RightText_IsTheVariables(string text, params string[] expected) =>
        Assert.Equal(expected, EnvironmentFile.Parse(text).Select(v => $"{v.Key}={v.Value}"));

    [Theory]
    [InlineData("A=1\nhunter2", "line 2: there is no '=' after the name")]
    [InlineData("export ", "line 1: there is no name of a variable")]
    [InlineData("A", "line 1: there is no '=' after the name")]
    [InlineData("=hunter2", "line 1: there is no name of a variable")]
    [InlineData("1A=hunter2", "line 1: a name begins with a digit")]
    [InlineData("A='x\ny'\nB='hunter2", "line 3: the quote has no end")]
    [InlineData("\nA=\"hunter2\n\n", "line 2: the quote has no end")]
    [InlineData("A='hunter2'hunter2", "line 1: there is text after the closing quote")]
    [InlineData("A=hun\0ter2", "line 1: the value of A has a NUL character in it")]
    public void Parse_WrongText_NamesTheLineAndNoValue(string text, string expected)
    {
        var wrong = Assert.Throws<FormatException>(() => EnvironmentFile.Parse(text));

        Assert.Equal(expected, wrong.Message);
    }
}
