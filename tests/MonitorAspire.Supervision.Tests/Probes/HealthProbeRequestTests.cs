using System.Net;
using System.Text;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

/// <summary>What a health check over HTTP asks, what it accepts, and what it finds out about other servers.</summary>
public sealed class HealthProbeRequestTests
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Probe_Headers_AreSentAndReplaceThoseOfTheProbe()
    {
        await using var server = RawServer.Answering("200 OK", "");

        await ProbeAsync(server, new HealthCheck { Headers = { ["X-Probe"] = "yes", ["host"] = "app.local", ["X-Empty"] = null } });
        await ProbeAsync(server, new HealthCheck());

        Assert.Equal(
            [
                "GET /health HTTP/1.1\r\nHost: app.local\r\nUser-Agent: monitor-aspire-probe\r\nX-Probe: yes\r\nX-Empty: \r\n\r\n",
                $"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{server.Port}\r\nUser-Agent: monitor-aspire-probe\r\n\r\n",
            ],
            server.Requests);
    }

    [Theory]
    [InlineData("health", "/health")]
    [InlineData("/", "/")]
    [InlineData("/a b?c", "/a%20b?c")]
    public async Task Probe_Path_IsThatOfAUrl(string path, string asked)
    {
        await using var server = RawServer.Answering("200 OK", "");

        var result = await new HealthProbe().ProbeAsync(Request(server) with { Path = path }, default);

        Assert.StartsWith($"GET {asked}: 200 after ", result.Detail, StringComparison.Ordinal);
        Assert.StartsWith($"GET {asked} HTTP/1.1\r\n", Assert.Single(server.Requests), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(204, true)]
    [InlineData(503, true)]
    [InlineData(200, false)]
    public async Task Probe_StatusesOfTheDefinition_AreThoseThatPass(int status, bool passes)
    {
        await using var server = RawServer.Answering($"{status} Any", "");

        Assert.Equal(passes, (await ProbeAsync(server, new HealthCheck { Statuses = [204, 503] })).IsHealthy);
    }

    [Fact]
    public async Task Probe_TextOfTheDefinition_IsSearchedInTheBody()
    {
        await using var server = RawServer.Answering("200 OK", "first line\nstatus: grün");

        Assert.Equal(HealthOutcome.Healthy, (await ProbeAsync(server, new HealthCheck { Text = "status: grün" })).Outcome);
        Assert.Equal(HealthOutcome.Healthy, (await ProbeAsync(server, new HealthCheck { Text = "first" })).Outcome);
        var other = await ProbeAsync(server, new HealthCheck { Text = "status: rot" });
        Assert.Equal((HealthOutcome.Status, 200), (other.Outcome, other.StatusCode));
        Assert.Matches("^GET /health: 200 after [0-9.]+ m?s, but the body does not contain the expected text: 'first line'$", other.Detail);
    }

    // A daemon in a container names itself by the PID in its own PID namespace.
    [Fact]
    public async Task Probe_PidInTheBody_IsComparedWithTheNamesOfTheInstance()
    {
        await using var server = RawServer.Answering("200 OK", """{"pid":7}""");

        Assert.True((await new HealthProbe().ProbeAsync(Request(server) with { IsExpectedPid = _ => false, IsNamedPid = pid => pid == 7 }, default)).IsHealthy);
        Assert.False((await new HealthProbe().ProbeAsync(Request(server) with { IsNamedPid = pid => pid == 8 }, default)).IsHealthy);
        Assert.False((await new HealthProbe().ProbeAsync(Request(server) with { IsExpectedPid = _ => false }, default)).IsHealthy);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 4)]
    public async Task Probe_ContestedPort_AsksAgainUntilTheInstanceAnswers(bool isInstance, int connections)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        await using var server = RawServer.Answering("200 OK", "");

        var result = await new HealthProbe().ProbeAsync(Request(server) with { IsContested = true, LikelyPids = [], IsExpectedPid = _ => isInstance }, default);

        Assert.Equal(isInstance ? HealthOutcome.Healthy : HealthOutcome.IdentityMismatch, result.Outcome);
        Assert.Equal(connections, server.Connections);
    }

    // The instance is told apart only by the process at the other end. Where that is not known, the last answer counts.
    [Fact]
    public async Task Probe_ContestedPortAndTheProcessIsNotKnown_AsksAsOftenAsItMay()
    {
        await using var server = RawServer.Answering("200 OK", "");

        var result = await new HealthProbe().ProbeAsync(Request(server) with { IsContested = true }, default);

        Assert.True(result.IsHealthy, result.Detail);
        Assert.Equal(4, server.Connections);
    }

    // With SO_REUSEPORT the kernel gives some of the connections to a process that never answers.
    [Fact]
    public async Task Probe_ContestedPortAndNoAnswerOnTheFirstConnection_AsksAgainInTime()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        RawServer? server = null;
        server = new RawServer((stream, token) => server!.Requests.Count == 1 ? Task.CompletedTask : stream.WriteAsync(RawServer.Response("200 OK", ""), token).AsTask());
        await using var _ = server;

        var result = await new HealthProbe().ProbeAsync(
            Request(server) with { IsContested = true, LikelyPids = [], IsExpectedPid = _ => server.Connections > 1, Timeout = TimeSpan.FromSeconds(4) }, default);

        Assert.True(result.IsHealthy, result.Detail);
        Assert.InRange(server.Connections, 2, 4);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n", true, "it speaks SSH and not HTTP", 1)]
    [InlineData("hello\r\n", true, "it does not seem to speak HTTP", 3)]
    [InlineData("hello\r\n", false, "'hello'", 1)]
    [InlineData("", true, "it does not seem to speak HTTP", 3)]
    public async Task Probe_ServerOfAnotherProtocol_IsNamedWithTwoMoreConnectionsAtMost(string sent, bool explains, string detail, int connections)
    {
        await using var server = new RawServer(
            (_, _) => Task.CompletedTask,
            wrap: async stream =>
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(sent));
                stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
                return stream;
            });

        var result = await new HealthProbe().ProbeAsync(Request(server) with { Explains = explains }, default);

        Assert.Equal((HealthOutcome.Unreachable, true), (result.Outcome, result.Connected));
        Assert.Contains(detail, result.Detail, StringComparison.Ordinal);
        Assert.Equal(sent.Length == 0 ? [] : [sent.Trim()], result.Body);
        Assert.Equal(connections, server.Connections);
        Assert.Matches(
            sent.Length == 0
                ? "^GET /health: the connection was closed without an answer after [0-9.]+ m?s; connected after [0-9.]+ m?s; .* \\(the connection was closed before the end of the answer\\)$"
                : $"^GET /health: the answer is not complete or not HTTP, after [0-9.]+ m?s; connected after [0-9.]+ m?s.*: '{sent.Trim()}' \\(.+\\)$",
            result.Detail);
    }

    [Fact]
    public async Task Probe_AnswerIsCutOff_HasNoHint()
    {
        await using var server = new RawServer(async (stream, token) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"u8.ToArray(), token);
            stream.Close();
        });

        var result = await ProbeAsync(server, new HealthCheck());

        Assert.Equal(1, server.Connections);
        Assert.DoesNotContain("speak", result.Detail, StringComparison.Ordinal);
        Assert.Matches(
            "^GET /health: the answer is not complete or not HTTP, after [0-9.]+ m?s; connected after [0-9.]+ m?s: 'HTTP/1.1 200 OK' \\(the connection was closed before the end of the answer\\)$",
            result.Detail);
    }

    // Redis closes a connection with a request over HTTP so that its answer is lost.
    [Fact]
    public async Task Probe_ServerThatAnswersOnlyALine_IsNamedByItsAnswer()
    {
        RawServer? server = null;
        server = new RawServer((stream, token) =>
        {
            if (server!.Requests.TryDequeue(out var request) && request == "PING\r\n")
            {
                return stream.WriteAsync("+PONG\r\n"u8.ToArray(), token).AsTask();
            }

            stream.Close();
            return Task.CompletedTask;
        }) { End = "\r\n" };
        await using var _ = server;

        Assert.Contains("; it speaks the protocol of Redis and not HTTP", (await ProbeAsync(server, new HealthCheck())).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_LimitThatIsNoTime_Throws()
    {
        await using var server = RawServer.Answering("200 OK", "");

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => new HealthProbe().ProbeAsync(Request(server) with { Timeout = Timeout.InfiniteTimeSpan }, default));
        await Assert.ThrowsAsync<ArgumentException>(() => new HealthProbe().ProbeAsync(Request(server) with { Host = " " }, default));
        await Assert.ThrowsAsync<OperationCanceledException>(() => new HealthProbe().ProbeAsync(Request(server), new CancellationToken(canceled: true)));
        Assert.Equal(0, server.Connections);
    }

    [Fact]
    public async Task Probe_IPv6_IsAskedWithBrackets()
    {
        await using var server = RawServer.Answering("503 No", "", address: IPAddress.IPv6Loopback);

        var result = await new HealthProbe().ProbeAsync(Request(server) with { Host = "::1" }, default);

        Assert.Equal(503, result.StatusCode);
        Assert.Contains($"Host: [::1]:{server.Port}\r\n", Assert.Single(server.Requests), StringComparison.Ordinal);
    }

    private static Task<HealthResult> ProbeAsync(RawServer server, HealthCheck check) => new HealthProbe().ProbeAsync(Request(server) with { Check = check }, default);

    private static HealthRequest Request(RawServer server) => new() { Host = "127.0.0.1", Port = server.Port, IsExpectedPid = _ => true, Timeout = Ample };
}
