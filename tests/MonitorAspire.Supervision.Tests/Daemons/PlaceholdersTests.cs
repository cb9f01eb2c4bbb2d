using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Tests.Daemons;

public class PlaceholdersTests
{
    [Theory]
    [InlineData("{port}", "<port>")]
    [InlineData("a{host}:{port}b", "a<host>:<port>b")]
    [InlineData("{{port}}", "{port}")]
    [InlineData("{{{port}}}", "{{port}}")]
    [InlineData("{{port}", "{<port>")]
    [InlineData("{Port} {} {other} {{other}}", "{Port} {} {other} {{other}}")]
    [InlineData("{\"port\": {port}, \"x\": {{}}}", "{\"port\": <port>, \"x\": {{}}}")]
    public void Fill_Text_ReplacesEachNameOnce(string text, string filled) => Assert.Equal(filled, Placeholders.Fill(text, name => $"<{name}>"));

    [Fact]
    public void Fill_ValueLooksLikeAPlaceholder_IsNotFilledAgain() => Assert.Equal("{port} 1", Placeholders.Fill("{host} {port}", name => name == "host" ? "{port}" : "1"));

    [Theory]
    [InlineData("plain")]
    [InlineData("{port} {{port}} {{{port}}} {x}")]
    public void Quote_AnyText_IsGivenBackByFill(string text) => Assert.Equal(text, Placeholders.Fill(Placeholders.Quote(text), _ => "wrong"));

    [Theory]
    [InlineData("--pid={pidfile}", PidFileWriter.Daemon)]
    [InlineData("--pid={{pidfile}}", PidFileWriter.Launcher)]
    public void EffectivePidFileWriter_LiteralBraces_IsTheLauncher(string argument, PidFileWriter writer) =>
        Assert.Equal(writer, new DaemonSpec { Name = "x", Command = "y", Arguments = [argument] }.EffectivePidFileWriter);
}
