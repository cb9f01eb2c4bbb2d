using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting.Supervisor;
using MonitorAspire.Testing;

namespace MonitorAspire.Hosting.Tests;

/// <summary>Another program listens on the port of the supervisor, and answers everything with 200.</summary>
public sealed class SupervisorClientTests : IDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly HttpListener _stranger = new();
    private readonly List<string> _received = [];
    private readonly int _port = FreePort.Next();

    public SupervisorClientTests()
    {
        _stranger.Prefixes.Add($"http://127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}/");
        _stranger.Start();
        _ = ServeAsync();
    }

    public void Dispose() => _stranger.Close();

    [Fact]
    public async Task ConnectAsync_AnotherProgram_IsNamedAndDoesNotGetTheToken()
    {
        using var client = Client();

        var e = await Assert.ThrowsAsync<ForeignSupervisorException>(() => client.ConnectAsync(CancellationToken.None));

        AssertNamed(e);
    }

    [Fact]
    public async Task CheckAsync_AnotherProgram_IsNoHealthOfTheSupervisor()
    {
        using var client = Client();

        var e = await Assert.ThrowsAsync<ForeignSupervisorException>(() => client.CheckAsync(CancellationToken.None));

        AssertNamed(e);
    }

    private void AssertNamed(ForeignSupervisorException e)
    {
        Assert.Contains($"port {_port}", e.Message, StringComparison.Ordinal);
        Assert.Contains("is not the supervisor of this application", e.Message, StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains($"PID {Environment.ProcessId}", e.Message, StringComparison.Ordinal);
        }

        Assert.NotEmpty(_received);
        Assert.All(_received, text => Assert.DoesNotContain(Token, text, StringComparison.Ordinal));
    }

    private SupervisorClient Client() => new(new SupervisorAddress(new EndpointAnnotation(ProtocolType.Tcp, port: _port), "/nowhere", "run", Token));

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _stranger.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _received.Add(context.Request.Headers.ToString()!);
            context.Response.Close();
        }
    }
}
