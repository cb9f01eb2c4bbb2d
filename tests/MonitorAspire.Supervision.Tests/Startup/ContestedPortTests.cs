using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Another process that also listens on the port of a verified daemon cannot make it unhealthy.</summary>
public sealed class ContestedPortTests : IAsyncDisposable
{
    // From <asm-generic/socket.h>; .NET has no name for SO_REUSEPORT.
    private const int SocketLevel = 1;
    private const int ReusePort = 15;

    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Inspect_AnotherListensOnTheOtherFamily_IsRunningAndNamesIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Socket.OSSupportsIPv6, "needs both loopbacks");
        var spec = _fixture.Faulty() with { Host = "localhost", Arguments = ["--port", "{port}", "--host", "127.0.0.1"] };
        Assert.True((await _fixture.StartAsync(spec)).Serves);
        Assert.Null((await InspectAsync(spec)).Contested);

        using var other = Listen(IPAddress.IPv6Loopback, spec.Port, reusePort: false);

        await AssertContestedAsync(spec);
        other.Dispose();

        // A process that another test starts at this moment has a copy of the socket until it executes its program.
        await Wait.UntilAsync(async () => (await InspectAsync(spec)).Contested is null, "the end of the other socket");
    }

    [Fact]
    public async Task Inspect_AnotherListensOnTheSameAddressAndNeverAnswers_IsRunningAndNamesIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SO_REUSEPORT distributes connections on Linux");
        const string Server = """
            import http.server, os, socket, sys
            class Server(http.server.ThreadingHTTPServer):
                def server_bind(self):
                    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                    super().server_bind()
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
            Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
            """;
        var spec = _fixture.Spec("python3", "-c", Server, "{port}");
        Assert.True((await _fixture.StartAsync(spec)).Serves);

        using var other = Listen(IPAddress.Loopback, spec.Port, reusePort: true);

        // Half of the connections go to the other socket, at random.
        for (var i = 0; i < 10; i++)
        {
            await AssertContestedAsync(spec);
        }
    }

    private async Task AssertContestedAsync(DaemonSpec spec)
    {
        var seen = await InspectAsync(spec);
        Assert.True(seen.Verdict == InspectionVerdict.Running, seen.Detail);
        Assert.True(seen.OwnsPort);
        Assert.NotEqual(false, seen.Healthy);
        Assert.Equal(Environment.ProcessId, seen.Contested?.Pid);
        Assert.Contains(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), seen.Detail, StringComparison.Ordinal);
    }

    private Task<DaemonInspection> InspectAsync(DaemonSpec spec) => _fixture.Engine.InspectAsync(spec, new InspectOptions(), TestContext.Current.CancellationToken);

    private static Socket Listen(IPAddress address, int port, bool reusePort)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (reusePort)
        {
            socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
        }

        socket.Bind(new IPEndPoint(address, port));
        socket.Listen();
        return socket;
    }
}
