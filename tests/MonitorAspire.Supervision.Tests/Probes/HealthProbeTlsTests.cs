using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

/// <summary>HTTPS, servers that are asked over the wrong one of HTTP and HTTPS, and redirects between the two.</summary>
public sealed class HealthProbeTlsTests
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(30);
    private static readonly X509Certificate2 Certificate = MakeCertificate();

    [Fact]
    public async Task Https_SelfSignedCertificate_IsHealthy()
    {
        await using var server = Secure("200 OK", "fine");

        var result = await ProbeAsync(server, HealthCheckKind.Https);

        Assert.Equal((HealthOutcome.Healthy, 200), (result.Outcome, result.StatusCode));
        Assert.Matches("^GET /health over HTTPS: 200 after [0-9.]+ m?s$", result.Detail);
        Assert.Equal(["fine"], result.Body);
        Assert.Contains($"Host: 127.0.0.1:{server.Port}\r\n", Assert.Single(server.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Https_AnotherStatus_IsReportedWithoutAHint()
    {
        await using var server = Secure("400 Bad Request", "no");

        var result = await ProbeAsync(server, HealthCheckKind.Https);

        Assert.Matches("^GET /health over HTTPS: 400 after [0-9.]+ m?s: 'no'$", result.Detail);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Https_PlainServer_NamesTheKindHttp()
    {
        await using var server = new RawServer(
            (_, _) => Task.CompletedTask,
            wrap: async stream =>
            {
                await stream.WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                return stream;
            });

        var result = await ProbeAsync(server, HealthCheckKind.Https);

        Assert.Equal((HealthOutcome.Unreachable, true), (result.Outcome, result.Connected));
        Assert.Matches("^GET /health over HTTPS: the answer is not complete or not HTTP, after [0-9.]+ m?s; connected after [0-9.]+ m?s; it does not speak TLS; the kind Http fits", result.Detail);
        Assert.Empty(result.Body);
    }

    [Fact]
    public async Task Https_ConnectionIsClosedAfterTheHandshake_GivesNoWrongHint()
    {
        await using var server = Secure(async (stream, token) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), token);
            stream.Close();
        });

        var result = await ProbeAsync(server, HealthCheckKind.Https);

        Assert.Equal(HealthOutcome.Unreachable, result.Outcome);
        Assert.DoesNotContain("it does not", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_ServerOfTls_NamesTheKindHttps()
    {
        await using var server = Secure("200 OK", "");

        var result = await ProbeAsync(server, HealthCheckKind.Http);

        Assert.Equal(HealthOutcome.Unreachable, result.Outcome);
        Assert.Contains("; it speaks TLS; the kind Https fits (", result.Detail, StringComparison.Ordinal);
    }

    // nginx answers so to a request over HTTP on a port of HTTPS.
    [Theory]
    [InlineData("400 Bad Request", true, true)]
    [InlineData("400 Bad Request", false, false)]
    [InlineData("404 Not Found", true, false)]
    public async Task Http_StatusOfAServerThatSpeaksTlsToo_NamesTheKindHttpsFor400(string status, bool explains, bool isNamed)
    {
        await using var server = new RawServer(
            (stream, token) => stream.WriteAsync(RawServer.Response(status, "no"), token).AsTask(),
            wrap: async stream =>
            {
                var first = new byte[1];
                await stream.Socket.ReceiveAsync(first, SocketFlags.Peek);
                return first[0] == RawServer.HandshakeRecord ? await SecureAsync(stream) : stream;
            });

        var result = await new HealthProbe().ProbeAsync(Request(server.Port, HealthCheckKind.Http) with { Explains = explains }, default);

        Assert.Equal(HealthOutcome.Status, result.Outcome);
        Assert.Equal(isNamed, result.Detail.Contains("; it speaks TLS; the kind Https fits (", StringComparison.Ordinal));
        Assert.EndsWith(": 'no'", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_RedirectToItsOwnHttpsPort_IsFollowed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        await using var secure = Secure("200 OK", "fine");
        await using var server = RedirectingTo($"https://localhost:{secure.Port}/there?a=b");

        var result = await ProbeAsync(server, HealthCheckKind.Http);

        Assert.Matches($"^redirect 307 to port {secure.Port} of the same daemon; GET /there\\?a=b over HTTPS: 200 after [0-9.]+ m?s$", result.Detail);
        Assert.Equal((HealthOutcome.Healthy, 200), (result.Outcome, result.StatusCode));
        Assert.Contains($"Host: localhost:{secure.Port}\r\n", Assert.Single(secure.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_RedirectToAnotherProcess_IsNotBelievedAndSaysWhatToSet()
    {
        await using var secure = Secure("200 OK", "fine");
        await using var server = RedirectingTo($"https://127.0.0.1:{secure.Port}/there");

        var result = await new HealthProbe().ProbeAsync(Request(server.Port, HealthCheckKind.Http) with { IsExpectedPid = _ => false }, default);

        Assert.Equal((HealthOutcome.Status, 307), (result.Outcome, result.StatusCode));
        Assert.Matches(
            $"^GET /health: 307 after [0-9.]+ m?s \\(redirect to https://127.0.0.1:{secure.Port}/there, which is not followed: it is not an HTTPS port of this daemon. Let the health path answer without a redirect, or accept 307 in Health:Statuses\\)$",
            result.Detail);
    }

    [Theory]
    [InlineData("http://127.0.0.1:PORT/there", HealthCheckKind.Http, "(redirect to http://127.0.0.1:PORT/there)")]
    [InlineData("/there", HealthCheckKind.Http, "(redirect to http://127.0.0.1:PROBED/there)")]
    [InlineData("https://127.0.0.1:PORT/there", HealthCheckKind.Https, "(redirect to https://127.0.0.1:PORT/there)")]
    [InlineData("https://192.0.2.7:PORT/there", HealthCheckKind.Http, "(redirect to https://192.0.2.7:PORT/there, which is not followed")]
    [InlineData("http://[", HealthCheckKind.Http, "307 after")]
    public async Task AnyOtherRedirect_IsShownAndNotFollowed(string location, HealthCheckKind kind, string detail)
    {
        await using var elsewhere = Secure("200 OK", "fine");
        location = location.Replace("PORT", $"{elsewhere.Port}", StringComparison.Ordinal);
        await using var server = kind == HealthCheckKind.Https ? Secure("307 Temporary Redirect", "", $"Location: {location}\r\n") : RedirectingTo(location);

        var result = await ProbeAsync(server, kind);

        Assert.Equal((HealthOutcome.Status, 307), (result.Outcome, result.StatusCode));
        Assert.Contains(detail.Replace("PORT", $"{elsewhere.Port}", StringComparison.Ordinal).Replace("PROBED", $"{server.Port}", StringComparison.Ordinal), result.Detail, StringComparison.Ordinal);
        Assert.Equal(0, elsewhere.Connections);
    }

    [Fact]
    public async Task Https_NoAnswerToTheHandshake_TimesOut()
    {
        using var server = ListenerProbeTests.Listen(IPAddress.Loopback);

        var result = await new HealthProbe().ProbeAsync(Request(((IPEndPoint)server.LocalEndPoint!).Port, HealthCheckKind.Https) with { Timeout = TimeSpan.FromMilliseconds(200) }, default);

        Assert.Equal((HealthOutcome.TimedOut, true), (result.Outcome, result.Connected));
        Assert.Matches("^GET /health over HTTPS: no answer within 200 ms; connected after [0-9.]+ m?s$", result.Detail);
    }

    private static RawServer RedirectingTo(string location) => RawServer.Answering("307 Temporary Redirect", "", $"Location: {location}\r\n");

    private static RawServer Secure(string status, string body, string headers = "") =>
        Secure((stream, token) => stream.WriteAsync(RawServer.Response(status, body, headers), token).AsTask());

    private static RawServer Secure(Func<Stream, CancellationToken, Task> answer) => new(answer, wrap: SecureAsync);

    private static async Task<Stream> SecureAsync(Stream connection)
    {
        var tls = new SslStream(connection);
        await tls.AuthenticateAsServerAsync(Certificate);
        return tls;
    }

    private static Task<HealthResult> ProbeAsync(RawServer server, HealthCheckKind kind) => new HealthProbe().ProbeAsync(Request(server.Port, kind), default);

    private static HealthRequest Request(int port, HealthCheckKind kind) => new()
    {
        Host = "127.0.0.1",
        Port = port,
        IsExpectedPid = pid => pid == Environment.ProcessId,
        Check = new HealthCheck { Kind = kind },
        Timeout = Ample,
    };

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=another name", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
    }
}
