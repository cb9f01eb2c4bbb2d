using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Hosting;

/// <summary>Bad input ends with one line on stderr and an exit code, and leaves nothing behind.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly int _port = FreePort.Next();

    private string State => _directory["state"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("Monitors:Count", "--count", "0")]
    [InlineData("Monitors:Count", "--count", "many")]
    [InlineData("Monitors:BasePort", "--base-port", "65535")]
    [InlineData("Monitors:StartTimeout", "--Monitors:StartTimeout", "soon")]
    [InlineData("Monitors:Daemons:0", "--Monitors:Daemons:0:Port", "70000")]
    [InlineData("--nonsense", "--nonsense", "1")]
    [InlineData("urls", "--urls", "https://localhost:1")]
    [InlineData("Supervisor:AlertWebhook", "--Supervisor:AlertWebhook", "nowhere")]
    [InlineData("--config", "--config", "/no/such/file.json")]
    public async Task Run_BadConfiguration_Is2AndNamesKeyAndValue(string key, string option, string value)
    {
        var line = await RefusedAsync(2, option, value);

        Assert.Contains(key, line, StringComparison.Ordinal);
        Assert.Contains(option == "--nonsense" ? option : value, line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(State));
    }

    [Fact]
    public async Task Run_ConfigFileIsNoJson_Is2AndNamesTheFile()
    {
        var config = _directory["bad.json"];
        await File.WriteAllTextAsync(config, "{ \"Monitors\": ");

        Assert.Contains(config, await RefusedAsync(2, "--config", config), StringComparison.Ordinal);
        Assert.False(Directory.Exists(State));
    }

    [Fact]
    public async Task Run_ConfigFileIsAFifo_Is2AndNamesTheFile()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files");
        var config = _directory["pipe"];
        using (var make = System.Diagnostics.Process.Start("mkfifo", [config]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Contains($"'{config}': it is no regular file", await RefusedAsync(2, "--config", config), StringComparison.Ordinal);
        Assert.False(Directory.Exists(State));
    }

    [Fact]
    public async Task Run_OwnPortIsADaemonsToo_Is2()
        => Assert.Contains(_port.ToString(CultureInfo.InvariantCulture), await RefusedAsync(2, "--base-port", _port.ToString(CultureInfo.InvariantCulture)), StringComparison.Ordinal);

    [Fact]
    public async Task Run_StateDirectoryThatOthersCanWriteTo_Is7AndNamesIt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes");
        Directory.CreateDirectory(State);
        File.SetUnixFileMode(State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);

        Assert.Contains(State, await RefusedAsync(7), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(State));
    }

    [Fact]
    public async Task Run_HostNameCannotBeResolved_Is2AndNamesIt()
        => Assert.Contains("no-such-host.invalid", await RefusedAsync(2, "--host", "no-such-host.invalid", "--base-port", FreePort.Next().ToString(CultureInfo.InvariantCulture)), StringComparison.Ordinal);

    [Fact]
    public async Task Run_ResourceServiceWithoutKey_Is2AndNamesTheVariable()
    {
        await using var supervisor = SupervisorProcess.Start(
            _port, State, ["--base-port", FreePort.Next().ToString(CultureInfo.InvariantCulture)], ("MONITOR_RESOURCE_SERVICE_URL", "http://127.0.0.1:18890"));

        Assert.Equal(2, await supervisor.ExitAsync());
        Assert.Contains("MONITOR_RESOURCE_SERVICE_API_KEY", Assert.Single(supervisor.Errors), StringComparison.Ordinal);
        Assert.Empty(supervisor.Output);
    }

    [Fact]
    public async Task Run_PortInUse_Is4NamesTheOwnerAndStartsNoDaemon()
    {
        using var foreign = new TcpListener(IPAddress.Loopback, _port);
        foreign.Start();

        var line = await RefusedAsync(4, "--count", "1", "--base-port", FreePort.Next().ToString(CultureInfo.InvariantCulture));

        Assert.Contains($"127.0.0.1:{_port}", line, StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains($"PID {Environment.ProcessId} (", line, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFiles(State, "monitor-daemon*"));
    }

    [Fact]
    public async Task Run_SecondSupervisorOnAPort_Is8AndNamesTheFirst()
    {
        await using var first = SupervisorProcess.Start(_port, State, ["--count", "1", "--base-port", FreePort.Next().ToString(CultureInfo.InvariantCulture)]);
        await first.RunningAsync(1);

        await using var second = SupervisorProcess.Start(_port, State, ["--count", "1", "--base-port", FreePort.Next().ToString(CultureInfo.InvariantCulture)]);

        Assert.Equal(8, await second.ExitAsync());
        var line = Assert.Single(second.Errors);
        Assert.Contains(State, line, StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains($"PID {first.Pid} ", line, StringComparison.Ordinal);
        }

        await first.RunningAsync(1);
    }

    [Fact]
    public async Task Run_StateDirectoryIsAFile_Is7()
    {
        await File.WriteAllTextAsync(State, "mine");

        Assert.Contains(State, await RefusedAsync(7), StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(State));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    public async Task Run_HelpOrVersion_Is0(string option)
    {
        await using var supervisor = SupervisorProcess.Start(_port, State, [option]);

        Assert.Equal(0, await supervisor.ExitAsync());
        Assert.NotEmpty(supervisor.Output);
        Assert.Empty(supervisor.Errors);
        Assert.False(Directory.Exists(State));
    }

    private async Task<string> RefusedAsync(int exitCode, params string[] arguments)
    {
        await using var supervisor = SupervisorProcess.Start(_port, State, arguments);
        Assert.Equal(exitCode, await supervisor.ExitAsync());
        Assert.Empty(supervisor.Output);
        return Assert.Single(supervisor.Errors);
    }
}
