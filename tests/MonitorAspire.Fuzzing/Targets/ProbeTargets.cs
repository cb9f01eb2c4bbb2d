using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Fuzzing.Targets;

/// <summary>What a daemon answers, or any other program on its port.</summary>
internal static class ProbeTargets
{
    private const int BodyLimit = 64 * 1024;
    private const int Pid = 4711;
    private const int Port = 8768;

    /// <summary>An answer of HTTP. However it is cut into packets, it means the same.</summary>
    internal static void Http(byte[] content)
    {
        var whole = Read(content, content.Length + 1);
        Assert.Equal(whole, Read(content, 7));
        if (content.Length < 3000)
        {
            Assert.Equal(whole, Read(content, 1));
        }

        Assert.InRange(whole.Status, 0, 999);
        Assert.True(whole.Body.Length / 2 <= Math.Min(BodyLimit, content.Length));
        _ = KnownProtocols.Explain(content);
    }

    /// <summary>What both this parser and the one of .NET can read, they read alike.</summary>
    internal static void HttpClient(byte[] content)
    {
        var mine = Read(content, content.Length + 1);
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new Answered(content)),
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        };
        using var client = new HttpClient(handler);
        try
        {
            using var theirs = client.GetAsync("http://127.0.0.1:8768/health").GetAwaiter().GetResult();
            var body = theirs.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
            Assert.NotEqual(0, mine.Status);
            Assert.Equal((int)theirs.StatusCode, mine.Status);
            // After 101 comes another protocol. With a coding or a length that .NET's parser does not know, it takes all that comes. So it does with two
            // lengths of which it does not know the first, and with a length of 20 digits, also where most of them are zeros.
            var isKnown = theirs.Headers.TransferEncodingChunked == true
                || (!theirs.Headers.NonValidated.Contains("Transfer-Encoding") && (theirs.Content.Headers.NonValidated.TryGetValues("Content-Length", out var lengths)
                    ? lengths.Count == 1 && lengths.First().Length < 20 && theirs.Content.Headers.ContentLength is not null
                    : true));
            if (mine.Error is null && mine.Status != 101 && isKnown)
            {
                Assert.Equal(Convert.ToHexString(body.AsSpan(0, Math.Min(body.Length, BodyLimit))), mine.Body);
            }
        }
        catch (HttpRequestException)
        {
            // Not HTTP for the parser of .NET.
        }
    }

    internal static void Body(byte[] content)
    {
        foreach (var last in (bool[])[false, true])
        {
            AssertLines(HealthBody.Lines(content, last));
        }

        foreach (var complete in (bool[])[true, false])
        {
            var mismatch = HealthBody.Mismatch(content, complete, Port, pid => pid == Pid);
            Assert.True(mismatch is null or { Length: < 200 }, $"{mismatch?.Length} characters");
            if (mismatch is not null)
            {
                TextTargets.AssertVisible(mismatch, mayHaveTabs: false);
            }

            // A second implementation, which has the whole document in memory.
            if (complete && Document(content) is { } document)
            {
                using (document)
                {
                    Assert.Equal(NamesAnother(document.RootElement), mismatch is not null);
                }
            }
        }
    }

    /// <summary>The whole check over a real connection: everything that it says is bounded, and can be shown on a terminal.</summary>
    internal static void Health(byte[] content)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        var serving = ServeAsync(server, content);
        var request = new HealthRequest { Host = "127.0.0.1", Port = port, IsExpectedPid = _ => true, Explains = false, Timeout = TimeSpan.FromMinutes(1) };

        var result = new HealthProbe().ProbeAsync(request, default).GetAwaiter().GetResult();

        serving.GetAwaiter().GetResult();
        Assert.NotEqual(HealthOutcome.TimedOut, result.Outcome);
        Assert.True(result.Detail.Length < 2000, $"{result.Detail.Length} characters");
        TextTargets.AssertVisible(result.Detail, mayHaveTabs: true);
        AssertLines(result.Body);
    }

    internal static void Notification(byte[] content)
    {
        var before = new NotifySocket.Seen(IsReady: false, Status: null, MainPid: null, AliveAt: 0, Refused: null);
        var seen = NotifySocket.Read(Encoding.UTF8.GetString(content), before, now: 1);
        Assert.True(seen.MainPid is null or > 0);
        Assert.True(seen.Status is null or { Length: > 0 and <= 500 });
        if (seen.Status is { } status)
        {
            TextTargets.AssertVisible(status, mayHaveTabs: true);
        }

        Assert.Equal(Encoding.UTF8.GetString(content).Split('\n').Contains("READY=1"), seen.IsReady);
    }

    private static (int Status, string? Location, string Body, string? Error) Read(byte[] content, int part)
    {
        using var answer = new HttpAnswer(new Packets(content, part));
        string? error = null;
        try
        {
            // The stream is in memory, so nothing waits.
            answer.ReadHeadAsync(default).AsTask().GetAwaiter().GetResult();
            answer.ReadBodyAsync(BodyLimit, default).AsTask().GetAwaiter().GetResult();
        }
        catch (IOException e)
        {
            error = e.Message;
        }

        return (answer.Status, answer.Location, Convert.ToHexString(answer.Body), error);
    }

    private static void AssertLines(IReadOnlyList<string> lines)
    {
        Assert.True(lines.Count <= 3);
        Assert.True(lines.Sum(l => l.Length) <= 500, $"{lines.Sum(l => l.Length)} characters");
        Assert.All(lines, l => TextTargets.AssertVisible(l, mayHaveTabs: true));
        Assert.All(lines, Assert.NotEmpty);
    }

    private static JsonDocument? Document(ReadOnlyMemory<byte> content)
    {
        try
        {
            return JsonDocument.Parse(content.Span.StartsWith("\uFEFF"u8) ? content[3..] : content);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool NamesAnother(JsonElement root) => root.ValueKind == JsonValueKind.Object && root.EnumerateObject().Any(p =>
        p.Value.ValueKind == JsonValueKind.Number
        && ((IsNamed(p, "pid") && !(p.Value.TryGetInt32(out var pid) && pid == Pid))
            || (IsNamed(p, "port") && !(p.Value.TryGetInt32(out var port) && port == Port))));

    private static bool IsNamed(JsonProperty property, string name)
    {
        try
        {
            return property.Name == name;
        }
        catch (InvalidOperationException)
        {
            return false; // half of a surrogate pair
        }
    }

    private static async Task ServeAsync(TcpListener server, byte[] content)
    {
        using var client = await server.AcceptTcpClientAsync();
        var stream = client.GetStream();
        try
        {
            _ = await stream.ReadAsync(new byte[4096]);
            await stream.WriteAsync(content);
            client.Client.Shutdown(SocketShutdown.Send);
            while (await stream.ReadAsync(new byte[4096]) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The probe has read enough.
        }
    }

    /// <summary>Gives so many bytes at a time, as a network may.</summary>
    private sealed class Packets(byte[] content, int part) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(part, buffer.Length)], cancellationToken);
    }

    /// <summary>A connection to a server that has answered and closed it.</summary>
    private sealed class Answered(byte[] content) : MemoryStream(content)
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
        }
    }
}
