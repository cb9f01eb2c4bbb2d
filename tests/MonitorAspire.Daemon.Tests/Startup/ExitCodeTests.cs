using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.Daemon.Tests.Startup;

public sealed class ExitCodeTests : IDisposable
{
    private readonly TemporaryDirectory _state = new();
    private readonly int _port = FreePort.Next();

    private DaemonFiles Files => new(_state.Path, _port);

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Run_LockHeld_Is75AndNamesTheHolder()
    {
        await using var first = await DaemonProcess.StartServingAsync(_port, _state.Path);

        var line = await RefusedAsync(75);

        AssertNames(line, _port, Files.LockFile, first.Pid);
        Assert.Equal($"{first.Pid}\n", await File.ReadAllTextAsync(Files.PidFile));
        await DaemonProcess.HealthAsync(_port);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("::1", "localhost")]
    [InlineData("127.0.0.1", "*")]
    public async Task Run_PortInUse_Is69AndNamesTheOwner(string listening, string host)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 here");
        using var foreign = new TcpListener(IPAddress.Parse(listening), _port);
        foreign.Start();

        var line = await RefusedAsync(69, host);

        AssertNames(line, _port, Files.PidFile);
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains($"by PID {Environment.ProcessId} (", line, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Files.PidFile));
        Assert.False(File.Exists(Files.InstanceFile));
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("no-such-host.invalid")]
    public async Task Run_AddressOfAnotherMachine_Is69(string host)
    {
        AssertNames(await RefusedAsync(69, host), _port, Files.PidFile);
        Assert.False(File.Exists(Files.PidFile));
    }

    [Theory]
    [InlineData("--port", "70000")]
    [InlineData("--port", "x")]
    [InlineData("--nonsense")]
    [InlineData("--host", "a b")]
    public async Task Run_BadOption_Is78AndTouchesNothing(params string[] arguments)
    {
        await using var daemon = DaemonProcess.Start([.. arguments, "--state-dir", _state.Path]);

        Assert.Equal(78, await daemon.ExitAsync());
        Assert.Contains(arguments[0], Assert.Single(daemon.Errors), StringComparison.Ordinal);
        Assert.Empty(daemon.Output);
        Assert.Empty(Directory.GetFileSystemEntries(_state.Path));
    }

    [Fact]
    public async Task Run_StateDirectoryIsAFile_Is75()
    {
        var file = _state["file"];
        await File.WriteAllTextAsync(file, "content");

        await using var daemon = DaemonProcess.Start(["--port", Text(_port), "--state-dir", file]);

        Assert.Equal(75, await daemon.ExitAsync());
        AssertNames(Assert.Single(daemon.Errors), _port, file, daemon.Pid);
        Assert.Equal("content", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Run_StateDirectoryNotWritable_Is77()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        File.SetUnixFileMode(_state.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            await using var daemon = DaemonProcess.StartUnprivileged(["--port", Text(_port), "--host", "127.0.0.1", "--state-dir", _state.Path]);
            AssertNames(await RefusedAsync(daemon, 77), _port, _state.Path);
        }
        finally
        {
            File.SetUnixFileMode(_state.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task Run_LockFileIsASymbolicLink_IsRefusedAndNotFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "symbolic links need a privilege on Windows");
        var target = _state["target"];
        File.CreateSymbolicLink(Files.LockFile, target);

        AssertNames(await RefusedAsync(75), _port, Files.LockFile);
        Assert.False(File.Exists(target));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    public async Task Run_HelpOrVersion_PrintsAndTouchesNothing(string option)
    {
        await using var daemon = DaemonProcess.Start([option, "--state-dir", _state.Path]);

        Assert.Equal(0, await daemon.ExitAsync());
        Assert.NotEmpty(daemon.Output);
        Assert.Empty(daemon.Errors);
        Assert.Empty(Directory.GetFileSystemEntries(_state.Path));
    }

    private async Task<string> RefusedAsync(int exitCode, string host = "127.0.0.1")
    {
        await using var daemon = DaemonProcess.Start(["--port", Text(_port), "--host", host, "--state-dir", _state.Path]);
        return await RefusedAsync(daemon, exitCode);
    }

    private static async Task<string> RefusedAsync(DaemonProcess daemon, int exitCode)
    {
        Assert.Equal(exitCode, await daemon.ExitAsync());
        Assert.Empty(daemon.Output);
        return Assert.Single(daemon.Errors);
    }

    private static void AssertNames(string line, int port, string file, int? pid = null)
    {
        Assert.Contains($"port {port}", line, StringComparison.Ordinal);
        Assert.Contains(file, line, StringComparison.Ordinal);
        Assert.Contains(pid is null ? "PID " : $"PID {pid}", line, StringComparison.Ordinal);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
