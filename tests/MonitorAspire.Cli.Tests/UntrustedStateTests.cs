using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using MonitorAspire.Testing;

namespace MonitorAspire.Cli.Tests;

/// <summary>A state directory that another user can write to: what stands in it may be forged, so nothing there is believed.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class UntrustedStateTests : IAsyncDisposable
{
    private const int Nobody = 65534;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly CliFixture _monitor = new();
    private readonly Process _victim = Process.Start("sleep", "600");
    private readonly int _port = FreePort.Next();

    public async ValueTask DisposeAsync()
    {
        _victim.Kill();
        await _victim.WaitForExitAsync();
        _victim.Dispose();
        await _monitor.DisposeAsync();
    }

    [Theory]
    [InlineData("all")]
    [InlineData("group")]
    [InlineData("owner")]
    [InlineData("parent")]
    public async Task EveryCommand_ForgedRecord_ExitsWithSevenAndTouchesNothing(string fault)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && (Environment.IsPrivilegedProcess || fault is "all" or "group"), "needs files of another user");
        var state = Path.Combine(_monitor["parent"], "state");
        Directory.CreateDirectory(state, Private);
        var marker = _monitor["forged-command-ran"];
        Forge(state, marker);
        var wrong = fault == "parent" ? _monitor["parent"] : state;
        switch (fault)
        {
            case "all":
                File.SetUnixFileMode(state, Private | (UnixFileMode)0x3F);
                break;
            case "group":
                File.SetUnixFileMode(state, Private | UnixFileMode.GroupWrite);
                break;
            default:
                using (var chown = Process.Start("chown", [$"{Nobody}", wrong]))
                {
                    await chown.WaitForExitAsync(TestContext.Current.CancellationToken);
                }

                break;
        }

        var before = Directory.GetFiles(state).Order().Select(f => (f, File.ReadAllText(f))).ToList();
        foreach (var command in new[] { "status", "stop", "restart", "start", "logs" })
        {
            var result = await _monitor.RunAsync(command, "--port", CliFixture.Text(_port), "--state-dir", state);
            Assert.True(result.ExitCode == 7, $"{command}: {result.ExitCode} {result.Error}");
            Assert.Contains(wrong, result.Error, StringComparison.Ordinal);
        }

        foreach (var command in new[] { "status", "stop" })
        {
            Assert.Equal(7, (await _monitor.RunAsync(command, "--all", "--state-dir", state)).ExitCode);
        }

        Assert.Equal(7, (await _monitor.RunAsync("up", "--count", "1", "--base-port", CliFixture.Text(_port), "--state-dir", state)).ExitCode);
        // The doctor may tighten only what belongs to the user, and believes nothing else there.
        var doctor = await _monitor.RunAsync("doctor", "--fix", "--state-dir", state);
        Assert.Contains(fault switch { "owner" => "directory-foreign", "parent" => "directory-parent", _ => "directory-mode" }, doctor.Out, StringComparison.Ordinal);
        Assert.False(_victim.HasExited);
        Assert.False(File.Exists(marker));
        Assert.Equal(before, [.. Directory.GetFiles(state).Order().Select(f => (f, File.ReadAllText(f)))]);
    }

    [Fact]
    public async Task Stop_RecordThatOthersCanWriteTo_ExitsWithSevenAndLeavesIt()
    {
        Directory.CreateDirectory(_monitor.StateDirectory, Private);
        Forge(_monitor.StateDirectory, _monitor["forged-command-ran"]);
        File.SetUnixFileMode(_monitor.File(_port, "instance.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        var result = await _monitor.RunAsync("stop", "--port", CliFixture.Text(_port), "--grace", "1s");
        Assert.Equal(7, result.ExitCode);
        Assert.Contains(_monitor.File(_port, "instance.json"), result.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(_monitor.File(_port, "instance.json")));
        Assert.False(_victim.HasExited);
    }

    // A true record of a process that is not ours.
    private void Forge(string state, string marker)
    {
        var stat = File.ReadAllText($"/proc/{_victim.Id}/stat");
        var ticks = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        var file = Path.Combine(state, string.Create(CultureInfo.InvariantCulture, $"monitor-daemon-{_port}"));
        File.WriteAllText(file + ".pid", $"{_victim.Id}\n");
        File.WriteAllText(
            file + ".instance.json",
            $$"""{"pid":{{_victim.Id}},"startTicks":{{ticks}},"bootId":"{{boot}}","instanceId":"{{_port}}-forged","name":"forged","host":"127.0.0.1","port":{{_port}},"command":["/usr/bin/touch","{{marker}}"]}""");
    }
}
