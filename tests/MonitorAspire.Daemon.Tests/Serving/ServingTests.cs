using System.Globalization;
using System.Net.Sockets;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Daemon.Tests.Serving;

public sealed class ServingTests : IDisposable
{
    private readonly TemporaryDirectory _state = new();
    private readonly int _port = FreePort.Next();

    private DaemonFiles Files => new(_state.Path, _port);

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Health_Running_HasTheBodyOfTheContract()
    {
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path);

        var health = await DaemonProcess.HealthAsync(_port);

        Assert.Equal(
            ["status", "service", "version", "port", "pid", "uptime"],
            health.EnumerateObject().Select(p => p.Name));
        Assert.Equal("running", health.GetProperty("status").GetString());
        Assert.Equal("monitor-aspire-daemon", health.GetProperty("service").GetString());
        Assert.Equal(_port, health.GetProperty("port").GetInt32());
        Assert.Equal(daemon.Pid, health.GetProperty("pid").GetInt32());
        Assert.True(health.GetProperty("uptime").GetDouble() >= 0);
        Assert.Equal(daemon.Pid, (await DaemonProcess.HealthAsync(_port, path: "/alive")).GetProperty("pid").GetInt32());
        Assert.Equal("monitor-aspire-daemon", (await DaemonProcess.HealthAsync(_port, path: "/")).GetProperty("service").GetString());
    }

    [Fact]
    public async Task Start_NoTelemetry_LoadsNoOpenSsl()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "maps are those of Linux");
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path);

        // It costs every start milliseconds and a MiB, and nothing that a daemon does needs it.
        Assert.DoesNotContain(File.ReadLines($"/proc/{daemon.Pid}/maps"), line => line.Contains("libcrypto", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Claim_Running_HasPidFileLockAndRecord()
    {
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path);

        Assert.Equal($"{daemon.Pid}\n", await File.ReadAllTextAsync(Files.PidFile));
        var record = InstanceRecord.Read(Files.InstanceFile)!;
        Assert.Equal((daemon.Pid, _port, "127.0.0.1", $"monitor-{_port}"), (record.Pid, record.Port, record.Host, record.Name));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Files.PidFile));
        }
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Stop_Signal_ExitsWithZeroAndLeavesOnlyTheLockFile(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals");
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path);

        await daemon.SignalAsync(signal);

        Assert.Equal(0, await daemon.ExitAsync());
        Assert.Equal([Files.LockFile], Directory.GetFiles(_state.Path));
        Assert.True(FreePort.IsFree(_port));
        Assert.Empty(daemon.Errors);
        Assert.Contains(daemon.Output, line => line.Contains($"SIG{signal}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_OpenConnection_EndsNevertheless()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals");
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path);
        using var idle = new TcpClient();
        await idle.ConnectAsync("127.0.0.1", _port);
        await idle.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n"u8.ToArray());

        await daemon.SignalAsync("TERM");

        Assert.Equal(0, await daemon.ExitAsync());
    }

    [Fact]
    public async Task Start_AfterKill_ServesAgain()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals");
        await using (var killed = await DaemonProcess.StartServingAsync(_port, _state.Path))
        {
            await killed.SignalAsync("KILL");
            Assert.Equal(128 + 9, await killed.ExitAsync());
            Assert.True(File.Exists(Files.PidFile));
        }

        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path);

        Assert.Equal($"{daemon.Pid}\n", await File.ReadAllTextAsync(Files.PidFile));
    }

    [Fact]
    public async Task Log_Lines_AreSingleWithUtcTimes()
    {
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path);
        await Wait.UntilAsync(() => daemon.Output.Count > 0, "a line");

        Assert.All(daemon.Output, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info: ", line));
        Assert.Contains(daemon.Output, line => line.Contains(daemon.Pid.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Listen_Localhost_IsBothLoopbackAddresses()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 here");
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path, "localhost");

        Assert.Equal(daemon.Pid, (await DaemonProcess.HealthAsync(_port, "127.0.0.1")).GetProperty("pid").GetInt32());
        Assert.Equal(daemon.Pid, (await DaemonProcess.HealthAsync(_port, "[::1]")).GetProperty("pid").GetInt32());
    }

    [Theory]
    [InlineData("::1")]
    [InlineData("[::1]")]
    public async Task Listen_IPv6Address_IsThatAddressOnly(string host)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 here");
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path, host, ask: "[::1]");

        await Assert.ThrowsAsync<HttpRequestException>(() => DaemonProcess.HealthAsync(_port, "127.0.0.1"));
    }

    [Fact]
    public async Task Start_Environment_IsReadWithoutOptions()
    {
        await using var daemon = DaemonProcess.Start([], new Dictionary<string, string?>
        {
            ["MONITOR_PORT"] = _port.ToString(CultureInfo.InvariantCulture),
            ["MONITOR_STATE_DIR"] = _state.Path,
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:1",
        });

        await daemon.ServesAsync(_port);

        Assert.True(File.Exists(Files.PidFile));
    }
}
