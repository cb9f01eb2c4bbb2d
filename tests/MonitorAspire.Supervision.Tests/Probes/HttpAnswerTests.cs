using System.Text;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

public class HttpAnswerTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKmore", 200, "OK")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nto the end", 200, "to the end")]
    [InlineData("HTTP/1.1 200\r\ncontent-length:2\r\n\r\nOK", 200, "OK")]
    [InlineData("HTTP/1.1 200 \nContent-Length: 2\n\nOK", 200, "OK")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length : 2 \t\r\n\r\nOK", 200, "OK")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nOK", 200, "OK")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nto the end", 200, "to the end")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 1\r\nLocation: /no\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", 503, "")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\nnot a body", 204, "")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;name=value\r\n0123456789\r\n0\r\n\r\n", 200, "abc0123456789")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 1\r\n\r\n1\r\na\r\n0\r\nTrailer: b\r\n\r\n", 200, "a")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "")]
    public async Task Read_CompleteAnswer_HasStatusAndBody(string sent, int status, string body)
    {
        foreach (var part in (int[])[1, 7, 10_000])
        {
            using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes(sent), part));
            await answer.ReadHeadAsync(default);
            await answer.ReadBodyAsync(1000, default);

            Assert.Equal((status, body), (answer.Status, Encoding.ASCII.GetString(answer.Body)));
            Assert.Null(answer.Location);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("HTTP/2 200\r\n\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno header\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n: nothing\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nOK")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\0\r\n\r\nOK")]
    [InlineData("HTTP/1.1\r\n\r\n")]
    public async Task ReadHead_NotComplete_Throws(string sent)
    {
        using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes(sent), 5));

        await Assert.ThrowsAsync<IOException>(() => answer.ReadHeadAsync(default).AsTask());
    }

    [Theory]
    [InlineData("X: a\0\r\n\r\n", "a header of the answer has a NUL in it")]
    [InlineData("no header\r\n\r\n", "a header of the answer has no name")]
    [InlineData("Content-Length: 1\r\nContent-Length: 2\r\n\r\nOK", "the answer has two different lengths")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nsize\r\nOK\r\n", "the size of a chunk is no number")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nOKAY\r\n0\r\n\r\n", "a chunk of the body is longer than its size")]
    public async Task Read_NotHttp_SaysWhy(string rest, string says)
    {
        using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{rest}"), 5));

        Assert.Equal(says, (await Assert.ThrowsAsync<IOException>(async () =>
        {
            await answer.ReadHeadAsync(default);
            await answer.ReadBodyAsync(1000, default);
        })).Message);
    }

    // The buffer has 2 KiB at first, and a line may be at its end.
    [Fact]
    public async Task ReadHead_LineAtTheEndOfTheBuffer_IsWhole()
    {
        for (var length = 1900; length < 2100; length++)
        {
            using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes($"HTTP/1.1 302 Found\r\nX: {new string('x', length)}\r\nLocation: /there\r\nContent-Length: 2\r\n\r\nOK"), 3000));
            await answer.ReadHeadAsync(default);
            await answer.ReadBodyAsync(10, default);

            Assert.Equal((302, "/there", "OK"), (answer.Status, answer.Location, Encoding.ASCII.GetString(answer.Body)));
        }
    }

    [Theory]
    [InlineData(64 * 1024, false)]
    [InlineData((64 * 1024) + 1, true)]
    public async Task ReadHead_Length_Is64KiBAtMost(int length, bool isRefused)
    {
        const string Begin = "HTTP/1.1 200 OK\r\nX: ";
        const string End = "\r\n\r\n";
        using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes(Begin + new string('x', length - Begin.Length - End.Length) + End), 1400));

        var failure = await Record.ExceptionAsync(() => answer.ReadHeadAsync(default).AsTask());

        Assert.Equal(isRefused ? "the head of the answer is longer than 64 KiB" : null, failure?.Message);
    }

    [Fact]
    public async Task ReadHead_EndlessLine_Throws()
    {
        using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nX: {new string('x', 100_000)}"), 1400));

        Assert.Contains("64 KiB", (await Assert.ThrowsAsync<IOException>(() => answer.ReadHeadAsync(default).AsTask())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadBody_ChunksBeyondTheLimit_AreCutThere()
    {
        using var answer = new HttpAnswer(new SlowStream("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nghijkl\r\n0\r\n\r\n"u8.ToArray(), 1000));
        await answer.ReadHeadAsync(default);

        await answer.ReadBodyAsync(10, default);

        Assert.Equal("abcdefghij", Encoding.ASCII.GetString(answer.Body));
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nOK", "OK")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n", "")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n", "OK")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nOK", "OK")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nOKAY\r\n0\r\n\r\n", "OK")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nsize\r\nOK\r\n", "")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n-1\r\nOK\r\n", "")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nOK\r\n", "")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\nTrailer: cut", "OK")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\nTrailer: b\r\n", "OK")]
    public async Task ReadBody_NotComplete_ThrowsAndKeepsWhatCame(string rest, string body)
    {
        using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{rest}"), 5));
        await answer.ReadHeadAsync(default);

        await Assert.ThrowsAsync<IOException>(() => answer.ReadBodyAsync(1000, default).AsTask());
        Assert.Equal(body, Encoding.ASCII.GetString(answer.Body));
    }

    [Theory]
    [InlineData("Content-Length: 100000\r\n\r\n")]
    [InlineData("\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n186A0\r\n")]
    public async Task ReadBody_LongerThanTheLimit_IsItsBeginning(string rest)
    {
        var body = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"{i:0000000000}"));
        using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{rest}{body}"), 1400));
        await answer.ReadHeadAsync(default);

        await answer.ReadBodyAsync(64 * 1024, default);

        Assert.Equal(body[..(64 * 1024)], Encoding.ASCII.GetString(answer.Body));
    }

    [Fact]
    public async Task ReadHead_Endless_Throws()
    {
        var headers = string.Concat(Enumerable.Repeat("Name: value\r\n", 10_000));
        using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{headers}"), 1400));

        Assert.Contains("64 KiB", (await Assert.ThrowsAsync<IOException>(() => answer.ReadHeadAsync(default).AsTask())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadHead_LongHeaderBeforeTheBody_IsRead()
    {
        using var answer = new HttpAnswer(new SlowStream(Encoding.ASCII.GetBytes($"HTTP/1.1 302 Found\r\nCookie: {new string('c', 60_000)}\r\nLOCATION: /there?a=b \r\nContent-Length: 2\r\n\r\nOK"), 3000));
        await answer.ReadHeadAsync(default);
        await answer.ReadBodyAsync(10, default);

        Assert.Equal((302, "/there?a=b", "OK"), (answer.Status, answer.Location, Encoding.ASCII.GetString(answer.Body)));
    }

    /// <summary>Gives so many bytes at a time, as a network may.</summary>
    private sealed class SlowStream(byte[] content, int part) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(part, buffer.Length)], cancellationToken);
    }
}
