using System.Diagnostics;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Debian's nginx, which overwrites its environment and goes into the background by default.</summary>
public sealed class NginxTests : IAsyncDisposable
{
    private const string Nginx = "/usr/sbin/nginx";

    private static readonly string[] Foreground = ["-g", "daemon off;"];

    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_EitherMode_IsVerifiedAndStoppedWhole(bool daemonMode)
    {
        var spec = Spec(daemonMode);
        var report = await _fixture.StartAsync(spec);

        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
        Assert.Equal($"{report.Pid}\n", await File.ReadAllTextAsync(_fixture["nginx.pid"]));
        Assert.Equal($"{report.Pid}\n", await File.ReadAllTextAsync(report.PidFile!));
        Assert.Equal(daemonMode, report.Notes.Any(n => n.Contains("daemon off;", StringComparison.Ordinal)));
        Assert.Equal((InspectionVerdict.Running, "lock"), (await _fixture.InspectAsync(spec)) is var seen ? (seen.Verdict, seen.IdentityProof) : default);
        Assert.Equal(report.Pid, _fixture.NewEngine().Attach(spec)?.Pid);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, report.Pid);
    }

    [Fact]
    public async Task Stop_MasterWasKilled_StopsTheWorkers()
    {
        var spec = Spec(daemonMode: false);
        var outcome = await _fixture.StartOutcomeAsync(spec);
        Assert.True(outcome.Report.Verdict == StartupVerdict.Verified, outcome.Report.Detail);
        var lockFile = _fixture.Files(spec.Port).LockFile;
        await Wait.UntilAsync(() => ProcessTable.Current.LockHolders(lockFile).Count == 3, "master and workers");
        using (var master = Process.GetProcessById(outcome.Instance!.Pid))
        {
            master.Kill();
        }

        await outcome.Instance.Exited.WaitAsync(Wait.Generous);
        Assert.Equal(2, ProcessTable.Current.LockHolders(lockFile).Count);
        Assert.Equal(StartupReason.LockUnavailable, (await _fixture.InspectAsync(spec)).Reason);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        _fixture.AssertNothingLeft(spec, outcome.Instance.Pid);
    }

    private DaemonSpec Spec(bool daemonMode)
    {
        if (!File.Exists(Nginx))
        {
            Assert.True(Environment.GetEnvironmentVariable("MONITOR_REQUIRE_BROWSER") != "1", $"{Nginx} is missing: install nginx-light");
            Assert.Skip("nginx is not installed.");
        }

        var spec = _fixture.Spec(Nginx);
        File.WriteAllText(
            _fixture["nginx.conf"],
            $$"""
            pid {{_fixture["nginx.pid"]}};
            error_log {{_fixture["error.log"]}};
            worker_processes 2;
            events {}
            http {
              access_log off;
              client_body_temp_path {{_fixture["body"]}};
              proxy_temp_path {{_fixture["proxy"]}};
              fastcgi_temp_path {{_fixture["fastcgi"]}};
              uwsgi_temp_path {{_fixture["uwsgi"]}};
              scgi_temp_path {{_fixture["scgi"]}};
              server { listen 127.0.0.1:{{spec.Port}}; location /health { return 200 "ok\n"; } }
            }
            """);
        return _fixture.Remember(spec with { Arguments = ["-c", _fixture["nginx.conf"], .. daemonMode ? [] : Foreground] });
    }
}
