using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Tests.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Probes;

public class HealthProbeTests
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("")]
    [InlineData("OK")]
    [InlineData("""{"status":"healthy","pid":4711,"port":PORT,"uptime":1.5}""")]
    [InlineData("""{"checks":{"pid":1,"port":2},"pid":4711}""")]
    [InlineData("""[{"pid":1}]""")]
    [InlineData("""{"pid":"1"}""")]
    [InlineData("""{"pid":1} and more""")]
    public async Task Probe_200_Healthy(string body)
    {
        RawServer? server = null;
        server = new RawServer((stream, token) => stream.WriteAsync(RawServer.Response("200 OK", body.Replace("PORT", $"{server!.Port}", StringComparison.Ordinal)), token).AsTask());
        await using var _ = server;

        var result = await ProbeAsync(server.Port);

        Assert.Equal(HealthOutcome.Healthy, result.Outcome);
        Assert.True(result.IsHealthy);
        Assert.Equal(200, result.StatusCode);
        Assert.True(result.Latency > TimeSpan.Zero);
    }

    [Theory]
    [InlineData("""{"status":"healthy","pid":4712}""", "PID 4712")]
    [InlineData("""{"pid":4711,"port":1}""", "port 1 instead of")]
    [InlineData("""{"pid":4711.5}""", "PID 4711.5")]
    [InlineData("""{"pid":99999999999}""", "PID 99999999999")]
    [InlineData("""{"pid":4711,"pid":4712}""", "PID 4712")]
    public async Task Probe_200OfAnotherProcess_IdentityMismatch(string body, string detail)
    {
        await using var server = RawServer.Answering("200 OK", body);

        var result = await ProbeAsync(server.Port);

        Assert.Equal(HealthOutcome.IdentityMismatch, result.Outcome);
        Assert.False(result.IsHealthy);
        Assert.Contains(detail, result.Detail, StringComparison.Ordinal);
        Assert.Equal([body], result.Body);
    }

    [Fact]
    public async Task Probe_SlowAnswerInPieces_IsAwaited()
    {
        await using var server = new RawServer(async (stream, token) =>
        {
            foreach (var piece in RawServer.Response("200 OK", "fine").Chunk(20))
            {
                // Longer than a probe waits on its own thread.
                await Task.Delay(20, token);
                await stream.WriteAsync(piece, token);
            }
        });

        var result = await ProbeAsync(server.Port);

        Assert.Equal((HealthOutcome.Healthy, "fine"), (result.Outcome, Assert.Single(result.Body)));
    }

    [Theory]
    [InlineData("500 Internal Server Error", 500)]
    [InlineData("503 Service Unavailable", 503)]
    [InlineData("404 Not Found", 404)]
    [InlineData("204 No Content", 204)]
    [InlineData("299 Odd", 299)]
    public async Task Probe_AnotherStatus_IsReported(string status, int code)
    {
        await using var server = RawServer.Answering(status, code == 204 ? "" : "the disk\nis full");

        var result = await ProbeAsync(server.Port);

        Assert.Equal((HealthOutcome.Status, code), (result.Outcome, result.StatusCode));
        Assert.Equal(code == 204 ? [] : ["the disk", "is full"], result.Body);
        Assert.Matches($"^GET /health: {code} after [0-9.]+ m?s{(code == 204 ? "" : ": 'the disk'")}$", result.Detail);
    }

    [Fact]
    public async Task Probe_RedirectToAHealthyServer_IsAStatusAndNotFollowed()
    {
        await using var elsewhere = RawServer.Answering("200 OK", "OK");
        await using var server = RawServer.Answering("302 Found", "", $"Location: http://127.0.0.1:{elsewhere.Port}/\r\n");

        var result = await ProbeAsync(server.Port);

        Assert.Equal((HealthOutcome.Status, 302), (result.Outcome, result.StatusCode));
        Assert.Contains($"redirect to http://127.0.0.1:{elsewhere.Port}/", result.Detail, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Probe_RedirectToALongAddress_IsCut()
    {
        await using var server = RawServer.Answering("302 Found", "", $"Location: http://127.0.0.1/{new string('a', 60_000)}\u202E\r\n");

        var result = await ProbeAsync(server.Port);

        Assert.True(result.Detail.Length < 1000, $"{result.Detail.Length} characters");
    }

    [Fact]
    public async Task Probe_HugeBody_IsHealthy()
    {
        await using var server = RawServer.Answering("200 OK", new string('x', 10_000_000));

        Assert.Equal(HealthOutcome.Healthy, (await ProbeAsync(server.Port)).Outcome);
    }

    [Fact]
    public async Task Probe_HugeBodyOfAnotherProcess_IdentityMismatch()
    {
        await using var server = RawServer.Answering("200 OK", $$"""{"pid":1,"padding":"{{new string('x', 1_000_000)}}"}""");

        Assert.Equal(HealthOutcome.IdentityMismatch, (await ProbeAsync(server.Port)).Outcome);
    }

    [Fact]
    public async Task Probe_EndlessBody_Ends()
    {
        await using var server = new RawServer(async (stream, token) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), token);
            while (true)
            {
                await stream.WriteAsync(new byte[1000], token);
            }
        });

        Assert.Equal(HealthOutcome.Healthy, (await ProbeAsync(server.Port)).Outcome);
    }

    [Theory]
    [InlineData("")] // no answer
    [InlineData("HTTP/1.1 200 OK\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")] // without the body
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nO")]
    public async Task Probe_NoCompleteAnswer_TimesOutAndIsConnected(string answer)
    {
        await using var server = new RawServer((stream, token) => stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer), token).AsTask());
        var time = new FakeTimeProvider();
        var probe = new HealthProbe(time).ProbeAsync(Request(server.Port, TimeSpan.FromSeconds(2)), default);
        await server.Asked.Task.WaitAsync(Ample);
        Assert.False(probe.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(2));
        var result = await probe.WaitAsync(Ample);

        Assert.Equal((HealthOutcome.TimedOut, true), (result.Outcome, result.Connected));
        Assert.Matches("^GET /health: no (complete )?answer within 2 s; connected after 0 ms", result.Detail);
        Assert.Equal(TimeSpan.FromSeconds(2), result.Latency);
    }

    // Both wait for their time limit, so at the same time.
    [Fact]
    public async Task Probe_PartOfTheBodyOnly_TimesOutWithTheTimeOfTheFirstAnswerAndAnotherStatusIsThatStatus()
    {
        await using var server = new RawServer((stream, token) => stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nO"u8.ToArray(), token).AsTask());
        await using var failing = new RawServer((stream, token) => stream.WriteAsync("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\n"u8.ToArray(), token).AsTask());
        var results = await Task.WhenAll(((RawServer[])[server, failing]).Select(one => new HealthProbe().ProbeAsync(Request(one.Port, TimeSpan.FromSeconds(2)), default))).WaitAsync(Ample);

        Assert.Equal([(HealthOutcome.TimedOut, null), (HealthOutcome.Status, 503)], results.Select(result => (result.Outcome, result.StatusCode)));
        Assert.Matches("^GET /health: no complete answer within 2 s; connected after [0-9.]+ m?s, first answer after [0-9.]+ m?s$", results[0].Detail);
    }

    [Fact]
    public async Task Probe_QueueOfConnectionsFull_TimesOutAndIsNotConnected()
    {
        using var server = new FullQueueServer();
        var time = new FakeTimeProvider();
        var probe = new HealthProbe(time).ProbeAsync(Request(server.Port, TimeSpan.FromSeconds(2)), default);

        var deadline = DateTime.UtcNow + Ample;
        while (!probe.IsCompleted && DateTime.UtcNow < deadline)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var result = await probe.WaitAsync(Ample);
        Assert.Equal((HealthOutcome.TimedOut, false), (result.Outcome, result.Connected));
    }

    [Fact]
    public async Task Probe_FirstAddressDoesNotAccept_IsReportedAndTheNextIsTried()
    {
        Assert.SkipUnless(HostAddresses.Find("localhost").Count > 1, "This machine has one loopback address only.");
        using var server = new FullQueueServer();

        var result = await new HealthProbe().ProbeAsync(Request(server.Port, TimeSpan.FromSeconds(1)) with { Host = "localhost" }, default).WaitAsync(Ample);

        Assert.Equal(
            $"GET /health: 127.0.0.1:{server.Port} did not accept the connection within 1 s; GET /health: [::1]:{server.Port}: Connection refused",
            result.Detail);
    }

    [Fact]
    public async Task Probe_NoListener_Unreachable()
    {
        using var free = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound and not listening: no other process gets the port

        var result = await ProbeAsync(Port(free), "localhost");

        Assert.Equal((HealthOutcome.Unreachable, false), (result.Outcome, result.Connected));
        Assert.Contains($"127.0.0.1:{Port(free)}: Connection refused", result.Detail, StringComparison.Ordinal);
        Assert.Equal(HostAddresses.Find("localhost").Count > 1, result.Detail.Contains($"[::1]:{Port(free)}: Connection refused", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")]
    public async Task Probe_AnswerIsCutOff_UnreachableAndConnected(string answer)
    {
        await using var server = new RawServer(async (stream, token) =>
        {
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer), token);
            stream.Close();
        });

        var result = await new HealthProbe().ProbeAsync(Request(server.Port, Ample) with { Explains = false }, default);

        Assert.Equal((HealthOutcome.Unreachable, true), (result.Outcome, result.Connected));
        Assert.Matches("connected after [0-9.]+ m?s", result.Detail);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", "127.0.0.1:PORT")]
    [InlineData("0.0.0.0", "127.0.0.1", "127.0.0.1:PORT")]
    [InlineData("*", "127.0.0.1", "127.0.0.1:PORT")]
    [InlineData("+", "127.0.0.1", "127.0.0.1:PORT")]
    [InlineData("localhost", "127.0.0.1", "localhost:PORT")]
    [InlineData("localhost", "::1", "localhost:PORT")]
    [InlineData("::1", "::1", "[::1]:PORT")]
    [InlineData("[::1]", "::1", "[::1]:PORT")]
    [InlineData("::", "::1", "[::1]:PORT")]
    [InlineData("::ffff:127.0.0.1", "127.0.0.1", "127.0.0.1:PORT")]
    public async Task Probe_HostInAnyNotation_ConnectsToItsAddressWithItsName(string host, string address, string expected)
    {
        await using var server = RawServer.Answering("200 OK", "OK", address: IPAddress.Parse(address));

        var result = await ProbeAsync(server.Port, host, "/a/b?c=d");

        Assert.True(result.IsHealthy, result.Detail);
        var head = Assert.Single(server.Requests);
        Assert.StartsWith("GET /a/b?c=d HTTP/1.1\r\n", head, StringComparison.Ordinal);
        Assert.Contains($"Host: {expected.Replace("PORT", $"{server.Port}", StringComparison.Ordinal)}\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("traceparent", head, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Probe_TwiceAgainstAServerThatKeepsConnections_ConnectsTwice()
    {
        await using var server = RawServer.Answering("200 OK", "OK");

        Assert.True((await ProbeAsync(server.Port)).IsHealthy);
        Assert.True((await ProbeAsync(server.Port)).IsHealthy);

        Assert.Equal(2, server.Connections);
    }

    [Theory]
    [InlineData("no.such.host.invalid", "/health", "cannot be looked up")]
    [InlineData("user@127.0.0.1", "/health", "")]
    [InlineData("a b", "/health", "")]
    [InlineData("user@a.localhost", "/health", "host user@a.localhost and path /health do not make a URL")]
    [InlineData("a b.localhost", "/health", "host a b.localhost and path /health do not make a URL")]
    public async Task Probe_InvalidHost_Unreachable(string host, string path, string detail)
    {
        var result = await ProbeAsync(1, host, path);

        Assert.Equal(HealthOutcome.Unreachable, result.Outcome);
        Assert.Contains(detail, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_NoTimeForTheLookUp_TimesOut()
    {
        var result = await new HealthProbe().ProbeAsync(Request(1, TimeSpan.Zero) with { Host = "no.such.host.invalid" }, default);

        Assert.Equal((HealthOutcome.TimedOut, "looking up the host name no.such.host.invalid took longer than 0 ms"), (result.Outcome, result.Detail));
    }

    // A probe runs each second for as long as the machine does.
    [Theory]
    [InlineData(0)]
    [InlineData(50)] // longer than a probe waits on its own thread
    public async Task Probe_Ended_ClosesItsConnection(int delay)
    {
        var received = new TaskCompletionSource<int>();
        await using var server = new RawServer(async (stream, token) =>
        {
            await Task.Delay(delay, token);
            await stream.WriteAsync(RawServer.Response("200 OK", ""), token);
            received.TrySetResult(await stream.ReadAsync(new byte[1], token));
        });

        Assert.True((await ProbeAsync(server.Port)).IsHealthy);

        Assert.Equal(0, await received.Task.WaitAsync(Ample));
    }

    [Fact]
    public void ToAnswer_OnlyOfACheckThatFailed_IsShown()
    {
        var result = new HealthResult { Outcome = HealthOutcome.Status, Detail = "", StatusCode = 503, Latency = TimeSpan.FromMilliseconds(1.26), Body = ["no"] };

        Assert.Equal(new HealthCheckAnswer(503, 1.3, result.Body), result.ToAnswer());
        Assert.Null((result with { Outcome = HealthOutcome.Healthy }).ToAnswer());
    }

    [Fact]
    public async Task Probe_Cancelled_Throws()
    {
        await using var server = new RawServer((_, _) => Task.CompletedTask);
        using var cancellation = new CancellationTokenSource();
        var probe = new HealthProbe().ProbeAsync(Request(server.Port, Ample), cancellation.Token);
        await server.Asked.Task.WaitAsync(Ample);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probe.WaitAsync(Ample));
    }

    [Fact]
    public async Task Probe_ConnectionServedByTheInstance_NamesIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        await using var server = RawServer.Answering("200 OK", "OK");

        var result = await ProbeAsync(server.Port, pid => pid == Environment.ProcessId, [Environment.ProcessId]);

        Assert.True(result.IsHealthy, result.Detail);
        Assert.Contains(Environment.ProcessId, result.ServedBy);
    }

    [Fact]
    public async Task Probe_ServerThatAnswersAndCloses_IsHealthy()
    {
        await using var server = new RawServer(async (stream, token) =>
        {
            await stream.WriteAsync(RawServer.Response("200 OK", "", "Connection: close\r\n"), token);
            stream.Close();
        });

        var result = await ProbeAsync(server.Port, pid => pid == Environment.ProcessId, [Environment.ProcessId]);

        Assert.True(result.IsHealthy, result.Detail);
    }

    [Theory]
    [InlineData("""{"pid":4711}""")]
    [InlineData("""{"pid":4712}""")]
    public async Task Probe_ConnectionServedByAnotherProcess_IdentityMismatchWithAnyBody(string body)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        await using var server = RawServer.Answering("200 OK", body);

        var result = await ProbeAsync(server.Port, pid => pid == 4711, [4711]);

        Assert.Equal(HealthOutcome.IdentityMismatch, result.Outcome);
        Assert.Contains($"served by PID {Environment.ProcessId}", result.Detail, StringComparison.Ordinal);
    }

    private static Task<HealthResult> ProbeAsync(int port, Func<int, bool> isExpectedPid, int[] likely) => new HealthProbe().ProbeAsync(
        Request(port, Ample) with { IsExpectedPid = isExpectedPid, LikelyPids = likely }, default);

    private static Task<HealthResult> ProbeAsync(int port, string host = "127.0.0.1", string path = "/health") =>
        new HealthProbe().ProbeAsync(Request(port, Ample) with { Host = host, Path = path, IsExpectedPid = pid => pid == 4711 }, default);

    private static HealthRequest Request(int port, TimeSpan timeout) => new() { Host = "127.0.0.1", Port = port, IsExpectedPid = _ => true, Timeout = timeout };

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    /// <summary>A server that accepts no more connections: its queue is full.</summary>
    private sealed class FullQueueServer : IDisposable
    {
        private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly Socket _first = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        internal FullQueueServer()
        {
            Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems refuse or enlarge the queue.");
            Port = FreePort.Next();
            _server.Bind(new IPEndPoint(IPAddress.Loopback, Port));
            _server.Listen(0);
            _first.Connect(_server.LocalEndPoint!);
        }

        internal int Port { get; }

        public void Dispose()
        {
            _first.Dispose();
            _server.Dispose();
        }
    }
}
