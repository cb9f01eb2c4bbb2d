using System.Text;
using System.Text.Json;
using CsCheck;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

public class HealthBodyTests
{
    [Fact]
    public void Mismatch_AnyBytes_NeverThrows() =>
        Gen.Select(Gen.Byte.Array, Gen.Bool).Sample((body, complete) => { _ = HealthBody.Mismatch(body, complete, 8768, _ => true); });

    [Fact]
    public void Mismatch_SimilarText_NeverThrows() =>
        Gen.Select(Gen.OneOf("{", "}", "\"pid\"", ":", "4711", ",", "\"port\"", "[", "]", "1e9", " ", "\"").Array[0, 30], Gen.Bool)
            .Sample((parts, complete) => { _ = HealthBody.Mismatch(Encoding.UTF8.GetBytes(string.Concat(parts)), complete, 8768, _ => true); });

    [Fact]
    public void Mismatch_AnyPidAndPort_IsReportedOnlyWhenOneIsNotOurs() =>
        Gen.Select(Gen.OneOf(Gen.Const(4711), Gen.Int), Gen.OneOf(Gen.Const(8768), Gen.Int)).Sample((pid, port) =>
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["status"] = "ok", ["pid"] = pid, ["nested"] = new Dictionary<string, int> { ["pid"] = 1 }, ["port"] = port });
            Assert.Equal(pid == 4711 && port == 8768, HealthBody.Mismatch(body, true, 8768, p => p == 4711) is null);
        });

    [Theory]
    [InlineData("""{"pid":1} and more""")] // no JSON
    [InlineData("""{"pid":1""")]
    [InlineData("""pid: 1""")]
    [InlineData("""{"data":{"pid":1}}""")]
    [InlineData("1")]
    public void Mismatch_NoObjectWithAPid_IsNone(string body) =>
        Assert.Null(HealthBody.Mismatch(Encoding.UTF8.GetBytes(body), true, 8768, _ => false));

    // Valid JSON, but no text. It once ended the probe of the daemon with an exception.
    [Theory]
    [InlineData("""{"\ud800pid":1}""", false)]
    [InlineData("""{"\ud800":2,"pid":1}""", true)]
    public void Mismatch_NameWithHalfOfAPair_IsAnotherName(string body, bool isReported) =>
        Assert.Equal(isReported, HealthBody.Mismatch(Encoding.UTF8.GetBytes(body), true, 8768, _ => false) is not null);

    [Fact]
    public void Mismatch_NumberWithManyDigits_IsCut() => Assert.Equal(
        $"the body names PID {new string('1', 19)}…, which does not belong to this instance",
        HealthBody.Mismatch(Encoding.UTF8.GetBytes($"{{\"pid\":{new string('1', 60_000)}}}"), true, 8768, _ => false));

    [Fact]
    public void Lines_CharactersThatAreShownByTheirNumber_AreShortAsWell() =>
        Assert.Equal(500, Assert.Single(HealthBody.Lines(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\U000E0041", 400))))).Length);

    [Fact]
    public void Lines_CutBetweenTwoHalvesOfACharacter_LeavesItOut() =>
        Assert.Equal(string.Concat(Enumerable.Repeat("😀", 249)) + "…", Assert.Single(HealthBody.Lines(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("😀", 400))))));

    [Fact]
    public void Mismatch_WhiteSpaceBeforeTheObject_IsSkipped() =>
        Assert.NotNull(HealthBody.Mismatch(" \r\n\t{\"pid\":1}"u8, true, 8768, _ => false));

    [Fact]
    public void Mismatch_ByteOrderMark_IsSkipped() =>
        Assert.NotNull(HealthBody.Mismatch(Encoding.UTF8.GetBytes("\uFEFF{\"pid\":1}"), true, 8768, _ => false));

    [Theory]
    [InlineData("""{"pid":1,"text":"xxxxx""")]
    [InlineData("""{"pid":1} and more""")]
    public void Mismatch_IncompleteBody_UsesItsBeginning(string body) =>
        Assert.NotNull(HealthBody.Mismatch(Encoding.UTF8.GetBytes(body), false, 8768, _ => false));

    [Fact]
    public void Lines_NextLineHasOneCharacterLeft_IsCutToTheMark() =>
        Assert.Equal([new string('x', 499), "…"], HealthBody.Lines(Encoding.UTF8.GetBytes(new string('x', 499) + "\nab\nc")));

    [Fact]
    public void Lines_AnyBytes_AreFewShortAndHarmless() => Gen.Select(Gen.Byte.Array[0, 3000], Gen.Bool).Sample((body, last) =>
    {
        var lines = HealthBody.Lines(body, last);
        Assert.True(lines.Count <= 3 && lines.Sum(line => line.Length) <= 500);
        Assert.DoesNotContain(string.Concat(lines), c => char.IsControl(c) && c != '\t');
    });

    [Fact]
    public void Lines_Html_AreItsText() => Assert.Equal(
        ["502 Bad Gateway", "nginx/1.22"],
        HealthBody.Lines("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<hr><center>nginx/1.22</center>\r\n</html>"u8));

    [Fact]
    public void Lines_ManyLines_AreTheFirstOrTheLast()
    {
        var body = "\uFEFFone\r\n\r\n  two\u001b[31m\u202E\nthree\nfour\n"u8;

        Assert.Equal(["one", "two\uFFFD[31m\uFFFD", "three"], HealthBody.Lines(body));
        Assert.Equal(["two\uFFFD[31m\uFFFD", "three", "four"], HealthBody.Lines(body, last: true));
    }

    [Theory]
    [InlineData("""{"pid":1,"port":2}""", "the body names PID 1, which does not belong to this instance")]
    [InlineData("""{"port":2,"pid":1}""", "the body names port 2 instead of 8768")]
    [InlineData("""{"pid":1,"pid":2}""", "the body names PID 1, which does not belong to this instance")]
    [InlineData("""{"port":2,"port":3}""", "the body names port 2 instead of 8768")]
    public void Mismatch_SeveralDifferences_IsTheFirst(string body, string mismatch) =>
        Assert.Equal(mismatch, HealthBody.Mismatch(Encoding.UTF8.GetBytes(body), true, 8768, _ => false));

    [Fact]
    public void Lines_TextWithAngleBracketsThatIsNoHtml_StaysAsItIs() => Assert.Equal(["queue <jobs> is < 5"], HealthBody.Lines("queue <jobs> is < 5"u8));

    [Theory]
    [InlineData("<!DOCTYPE HTML><p>down</p>")]
    [InlineData(" \n<HTML><p>down</p>")]
    public void Lines_HtmlInAnyCase_AreItsText(string body) => Assert.Equal(["down"], HealthBody.Lines(Encoding.UTF8.GetBytes(body)));

    // Of a long body only one end is looked at.
    [Fact]
    public void Lines_LongBody_AreThoseOfItsBeginningOrItsEnd()
    {
        var (empty, text) = (new string('\n', HealthBody.ExcerptBytes), "text");

        Assert.Empty(HealthBody.Lines(Encoding.UTF8.GetBytes(empty + text)));
        Assert.Equal([text], HealthBody.Lines(Encoding.UTF8.GetBytes(empty + text), last: true));
        Assert.Equal([text], HealthBody.Lines(Encoding.UTF8.GetBytes(text + empty)));
        Assert.Empty(HealthBody.Lines(Encoding.UTF8.GetBytes(text + empty), last: true));
    }

    [Theory]
    [InlineData(500, false)]
    [InlineData(501, true)]
    public void Lines_LongLine_IsCutAt500Characters(int length, bool isCut) =>
        Assert.Equal([isCut ? new string('x', 499) + "…" : new string('x', length)], HealthBody.Lines(Encoding.UTF8.GetBytes(new string('x', length))));
}
