using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

public sealed class ConnectionFloodTests : IDisposable
{
    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Run_HundredsOfConnectionsAndStreamsAndFewDescriptors_SupervisesOn()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits of descriptors are set by a shell");
        var (port, daemonPort) = (FreePort.Next(), FreePort.Next());
        // The runtime needs up to 245 of them for its assemblies, two for each.
        await using var supervisor = SupervisorProcess.Start(
            "/bin/sh",
            [
                "-c", "ulimit -n 320; exec \"$0\" \"$@\"", SupervisorProcess.Executable,
                "--port", port.ToString(CultureInfo.InvariantCulture), "--state-dir", _state.Path, "--count", "1", "--base-port", daemonPort.ToString(CultureInfo.InvariantCulture),
            ],
            port);
        var victim = (await supervisor.RunningAsync(1))[0];
        var sockets = new List<Socket>();
        try
        {
            for (var i = 0; i < 400; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(Wait.Generous);
                if (i % 2 == 0)
                {
                    await socket.SendAsync("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray());
                }
            }

            // The supervisor still sees the exit, and starts the daemon again.
            await SupervisorProcess.SignalAsync(victim.Pid!.Value, "KILL");
            var files = new Supervision.Files.DaemonFiles(_state.Path, daemonPort);
            await Wait.UntilAsync(
                () => File.Exists(files.PidFile) && File.ReadAllText(files.PidFile).Trim() is { Length: > 0 } pid && pid != victim.Pid.Value.ToString(CultureInfo.InvariantCulture),
                "a new instance");
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }

        var daemon = (await supervisor.RunningAsync(1))[0];
        Assert.Equal((DaemonState.Running, 1), (daemon.State, daemon.Restarts));
        Assert.Empty(supervisor.Errors);
    }
}
