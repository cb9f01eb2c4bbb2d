using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

/// <summary>A full disk, a missing command and a resolver that does not answer end by themselves, and then the daemons run.</summary>
public sealed class MachineTroubleTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly int _port = FreePort.Next();
    private readonly int _daemonPort = FreePort.Next();

    public MachineTroubleTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "mount namespaces are Linux's");

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task Run_CommandComesLater_IsStartedAtTheLongestDelay()
    {
        var command = _root["late-daemon"];
        await using var supervisor = SupervisorProcess.Start(
            _port, _root["state"], ["--Monitors:Daemons:0:Name=late", $"--Monitors:Daemons:0:Port={_daemonPort}", $"--Monitors:Daemons:0:Command={command}",
            "--Monitors:Daemons:0:Arguments:0={port}", "--Monitors:Daemons:0:HealthPath=/", "--Monitors:Restart:MaxDelay=00:00:01"]);
        var waiting = await SeenAsync(supervisor, d => d.State == DaemonState.Backoff);
        Assert.Equal((StartupReason.CommandNotFound, 0), (waiting.LastFailure!.Reason, waiting.ConsecutiveFailures));
        Assert.NotNull(waiting.NextAttemptAt);
        Assert.Equal([AlertKind.CannotStart], waiting.Alerts);

        await File.WriteAllTextAsync(_root["script"], "#!/bin/sh\nexec python3 -m http.server \"$1\" --bind 127.0.0.1\n");
        File.SetUnixFileMode(_root["script"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.Move(_root["script"], command);
        Assert.Empty((await supervisor.RunningAsync(1))[0].Alerts);
    }

    [Fact]
    public async Task Run_DiskIsFullForAWhile_RestartsTheDaemonWhenThereIsSpace()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a file system of its own needs root");
        var state = Directory.CreateDirectory(_root["state"]).FullName;
        await using var supervisor = StartIn($"mount -t tmpfs -o size=1m,mode=700 tmpfs '{state}'", "--count", "1", "--base-port", Text(_daemonPort), "--Monitors:Restart:MaxDelay=00:00:01");
        var daemon = (await supervisor.RunningAsync(1))[0];

        // The directory as the supervisor sees it.
        var inside = $"/proc/{supervisor.Pid}/root{state}";
        await FillAsync($"{inside}/filler");
        await SupervisorProcess.SignalAsync(daemon.Pid!.Value, "KILL");
        var waiting = await SeenAsync(supervisor, d => d.State == DaemonState.Backoff && d.Alerts.Contains(AlertKind.CannotStart));
        Assert.Contains("No space left on device", waiting.LastFailure!.Detail, StringComparison.Ordinal);

        File.Delete($"{inside}/filler");
        Assert.NotEqual(daemon.Pid, (await supervisor.RunningAsync(1))[0].Pid);
    }

    [Fact]
    public async Task Run_ResolverDoesNotAnswer_NeitherRequestsNorTheEndWaitForIt()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a resolver of its own needs root");

        // It takes every question and answers none. The resolver asks it for two minutes.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Parse($"127.{Random.Shared.Next(1, 255)}.{Random.Shared.Next(256)}.53"), 53));
        await File.WriteAllTextAsync(_root["resolv.conf"], $"nameserver {((IPEndPoint)silent.LocalEndPoint!).Address}\noptions timeout:30 attempts:4\n");
        await File.WriteAllTextAsync(_root["nsswitch.conf"], "hosts: files dns\n");
        await using var supervisor = StartIn(
            $"mount --bind '{_root["resolv.conf"]}' /etc/resolv.conf; test ! -e /etc/nsswitch.conf || mount --bind '{_root["nsswitch.conf"]}' /etc/nsswitch.conf",
            "--Monitors:Daemons:0:Name=lost", $"--Monitors:Daemons:0:Port={_daemonPort}", "--Monitors:Daemons:0:Host=web.example.test");
        var lost = await SeenAsync(supervisor, d => d.State == DaemonState.Backoff);
        Assert.Equal(StartupReason.InvalidConfiguration, lost.LastFailure!.Reason);

        // The client gives each of them ten seconds.
        Assert.Contains("lost", await supervisor.GetAsync("/api/daemons/lost/diagnosis", _root["state"]), StringComparison.Ordinal);
        var other = FreePort.Next();
        using var put = await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/other", _root["state"], $$"""{"port":{{other}}}""");
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        using var stop = await supervisor.SendAsync(HttpMethod.Post, "/api/daemons/lost/stop", _root["state"]);
        Assert.True(stop.IsSuccessStatusCode, await stop.Content.ReadAsStringAsync());
        using var again = await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/lost-too", _root["state"], $$"""{"port":{{FreePort.Next()}},"host":"web.example.test"}""");
        Assert.True(again.IsSuccessStatusCode, await again.Content.ReadAsStringAsync());
        using var delete = await supervisor.SendAsync(HttpMethod.Delete, "/api/daemons/lost-too", _root["state"]);
        Assert.True(delete.IsSuccessStatusCode, await delete.Content.ReadAsStringAsync());

        await supervisor.SignalAsync("TERM");
        Assert.Equal(0, await supervisor.ExitAsync());
        Assert.DoesNotContain(supervisor.Output, line => line.Contains("did not stop within the time limit", StringComparison.Ordinal));
    }

    private SupervisorProcess StartIn(string mount, params string[] arguments) => SupervisorProcess.Start(
        "unshare",
        [
            "--mount", "/bin/sh", "-c", $"set -e; {mount}; exec \"$0\" \"$@\"", SupervisorProcess.Executable,
            "--port", Text(_port), "--state-dir", _root["state"], .. arguments,
        ],
        _port);

    private static async Task FillAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            while (true)
            {
                await file.WriteAsync(new byte[512]);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static async Task<DaemonSnapshot> SeenAsync(SupervisorProcess supervisor, Func<DaemonSnapshot, bool> condition)
    {
        DaemonSnapshot? seen = null;
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    seen = (await supervisor.DaemonsAsync()).FirstOrDefault(condition);
                    return seen is not null;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the state of the daemon");
        return seen!;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
