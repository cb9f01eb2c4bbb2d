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

    [Fact]
    public void Mismatch_ByteOrderMark_IsSkipped() =>
        Assert.NotNull(HealthBody.Mismatch(Encoding.UTF8.GetBytes("\uFEFF{\"pid\":1}"), true, 8768, _ => false));

    [Fact]
    public void Mismatch_IncompleteBody_UsesItsBeginning() =>
        Assert.NotNull(HealthBody.Mismatch("""{"pid":1,"text":"xxxxx"""u8, false, 8768, _ => false));

    [Fact]
    public void Excerpt_AnyBytes_IsOneShortLine() => Gen.Byte.Array[0, 1000].Sample(body =>
    {
        var line = HealthBody.Excerpt(body);
        Assert.True(line.Length <= 200);
        Assert.DoesNotContain(line, char.IsControl);
    });
}
