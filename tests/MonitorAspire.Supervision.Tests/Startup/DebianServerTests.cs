using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Servers of Debian that do not speak HTTP, checked by <c>tcp</c> and by <c>command</c>: right, and stopped by SIGSTOP.</summary>
public sealed class DebianServerTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();
    private readonly TemporaryDirectory _data = new();

    public async ValueTask DisposeAsync()
    {
        await _fixture.DisposeAsync();
        _data.Dispose();
    }

    [Theory]
    [InlineData(HealthCheckKind.Tcp)]
    [InlineData(HealthCheckKind.Command)]
    public async Task Sshd_RunsAndHangs_IsToldApart(HealthCheckKind kind)
    {
        const string sshd = "/usr/sbin/sshd";
        RequireServer(sshd);
        await RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _data["key"]);

        // sshd refuses to run without this directory of its package.
        if (Environment.IsPrivilegedProcess)
        {
            Directory.CreateDirectory("/run/sshd");
        }

        var spec = _fixture.Spec(sshd, "-D", "-e", "-f", "/dev/null", "-h", _data["key"], "-p", "{port}", "-o", "ListenAddress={host}", "-o", $"PidFile={_data["pid"]}", "-o", "UsePAM=no");
        await CheckAsync(spec, kind, ["sh", "-c", "ssh-keyscan -T 5 -p \"$0\" 127.0.0.1 2>/dev/null | grep -q ssh-", "{port}"]);
    }

    [Theory]
    [InlineData(HealthCheckKind.Tcp)]
    [InlineData(HealthCheckKind.Command)]
    public async Task PostgreSql_AsAnotherUser_RunsAndHangs_IsToldApart(HealthCheckKind kind)
    {
        var bin = Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).LastOrDefault() + "/bin" : "";
        RequireServer($"{bin}/postgres");

        // PostgreSQL refuses to run as root.
        const string user = "postgres";
        var isRoot = Environment.IsPrivilegedProcess;
        File.SetUnixFileMode(_data.Path, File.GetUnixFileMode(_data.Path) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var directory = _data["data"];
        Directory.CreateDirectory(directory);
        string[] initdb = [$"{bin}/initdb", "-D", directory, "--auth=trust", "--no-sync", "-U", user];
        if (isRoot)
        {
            await RunAsync("chown", user, directory);
            await RunAsync("setpriv", ["--reuid", user, "--regid", user, "--clear-groups", .. initdb]);
        }
        else
        {
            await RunAsync(initdb[0], initdb[1..]);
        }

        var spec = _fixture.Spec($"{bin}/postgres", "-D", directory, "-h", "{host}", "-p", "{port}", "-k", directory) with { User = isRoot ? user : null, WorkingDirectory = directory, StopSignal = TerminationSignal.SIGINT, StopMode = StopMode.Main };
        await CheckAsync(spec, kind, [$"{bin}/pg_isready", "-q", "-t", "5", "-h", "{host}", "-p", "{port}"]);
    }

    private async Task CheckAsync(DaemonSpec spec, HealthCheckKind kind, string[] command)
    {
        var health = kind == HealthCheckKind.Tcp ? new HealthCheck { Kind = kind } : new HealthCheck { Kind = kind, Command = command[0], Arguments = command[1..] };
        spec = spec with { Health = health with { Liveness = new CheckLimits { Timeout = TimeSpan.FromSeconds(10) } } };
        var report = await _fixture.StartAsync(spec);
        Assert.True(report.Serves, report.Detail + '\n' + string.Join('\n', report.LogTail));
        Assert.Equal(InspectionVerdict.Running, (await _fixture.InspectAsync(spec)).Verdict);

        await RunAsync("kill", "-STOP", report.Pid!.Value.ToString(CultureInfo.InvariantCulture));
        var hanging = await _fixture.Engine.InspectAsync(spec, new InspectOptions { HealthTimeout = TimeSpan.FromSeconds(2) }, TestContext.Current.CancellationToken);
        await RunAsync("kill", "-CONT", report.Pid.Value.ToString(CultureInfo.InvariantCulture));

        Assert.Equal(InspectionVerdict.Unhealthy, hanging.Verdict);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    // In the gate all servers are there.
    private static void RequireServer(string path)
    {
        if (Environment.GetEnvironmentVariable("MONITOR_REQUIRE_BROWSER") is null)
        {
            Assert.SkipUnless(File.Exists(path), $"there is no {path}");
        }

        Assert.True(File.Exists(path), $"there is no {path}");
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {await error}");
    }
}
