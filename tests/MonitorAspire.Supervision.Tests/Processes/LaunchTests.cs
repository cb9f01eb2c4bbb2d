using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Processes;

/// <summary>Descriptors, signals, arguments and environment of a launched process.</summary>
public sealed class LaunchTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Launch_AnyCommand_InheritsStandardDescriptorsAndTheLockOnly()
    {
        // A descriptor of ours without close-on-exec must not be inherited either.
        using var leak = File.OpenHandle("/dev/null");
        Assert.Equal(0, Fcntl.ClearCloseOnExec(leak));

        var spec = _fixture.Spec("sh", "-c", "for d in /proc/self/fd/*; do echo \"$(basename $d) $(readlink $d)\"; done; exit 7");
        var report = await _fixture.StartAsync(spec);
        var files = _fixture.Files(spec.Port);

        // 'readlink' is a child with its own descriptors for the pipe. The glob shows the shell's descriptors, 0 to 3.
        var seen = report.LogTail.Select(l => l.Split(' ')[0]).ToList();
        Assert.Equal(7, report.ExitCode);
        Assert.Equal(["0", "1", "2", "3"], seen.Where(d => int.TryParse(d, out var fd) && fd < 4).Distinct());
        Assert.DoesNotContain(report.LogTail, l => l.EndsWith(" /dev/null", StringComparison.Ordinal) && !l.StartsWith("0 ", StringComparison.Ordinal));
        Assert.Contains($"3 {files.LockFile}", report.LogTail);
    }

    [Fact]
    public async Task Launch_AnyCommand_LeadsItsOwnSession()
    {
        var spec = _fixture.Faulty();
        var report = await _fixture.StartAsync(spec);
        var process = ProcessTable.Current.Describe(report.Pid!.Value)!;
        Assert.Equal(report.Pid, process.Session);
        Assert.True(ProcessTable.Current.HoldsLock(report.Pid.Value, _fixture.Files(spec.Port).LockFile));
        Assert.Equal([report.Pid.Value], ProcessTable.Current.LockHolders(_fixture.Files(spec.Port).LockFile));
    }

    [Fact]
    public async Task Launch_ShellCommand_InheritsNoIgnoredSignals()
    {
        // .NET ignores SIGPIPE (bit 13). A child that inherited that would not end at a closed pipe.
        var spec = _fixture.Spec("sh", "-c", "grep -E 'SigIgn|SigBlk' /proc/self/status; exit 7");
        var report = await _fixture.StartAsync(spec);

        // 32 and 33 belong to the C library and cannot be changed.
        Assert.All(report.LogTail, l => Assert.Equal(0UL, ulong.Parse(l.Split('\t')[1], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture) & 0x7FFF_FFFF));
        Assert.Equal(2, report.LogTail.Count);
    }

    [Fact]
    public async Task Launch_ArgumentsWithShellCharacters_ArriveAsTheyAre()
    {
        var spec = _fixture.Spec("printf", "%s\\n", "$(touch /tmp/never)", "a b", "{port}", "'; exit 9; '");
        var report = await _fixture.StartAsync(spec);
        Assert.Equal(["$(touch /tmp/never)", "a b", $"{spec.Port}", "'; exit 9; '"], report.LogTail);
    }

    [Fact]
    public async Task Launch_WorkingDirectoryAndEnvironment_AreThoseOfTheSpecification()
    {
        var spec = _fixture.Spec("sh", "-c", "pwd; echo \"$GREETING\"; exit 7") with
        {
            WorkingDirectory = Path.GetTempPath(),
            Environment = new Dictionary<string, string?> { ["GREETING"] = "port {port}" },
        };
        var report = await _fixture.StartAsync(spec);
        Assert.Equal([Path.TrimEndingDirectorySeparator(Path.GetTempPath()), $"port {spec.Port}"], report.LogTail);
    }

    [Fact]
    public async Task Launch_ExecutableReplacedBetweenStopAndStart_RunsTheNewOne()
    {
        var script = _fixture["daemon.sh"];
        async Task InstallAsync(string body)
        {
            // Like an installer: the new file is renamed to the old name.
            await File.WriteAllTextAsync(script + ".new", "#!/bin/sh\n" + body + "\n");
            File.SetUnixFileMode(script + ".new", UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
            File.Move(script + ".new", script, overwrite: true);
        }

        await InstallAsync($"exec {EngineFixture.FaultDaemon} \"$@\"");
        var spec = _fixture.Faulty() with { Command = script };
        Assert.Equal(StartupVerdict.Verified, (await _fixture.StartAsync(spec)).Verdict);

        // The file is replaced while the instance lives. It is still the same instance.
        await InstallAsync("echo second; exit 4");
        Assert.Equal(InspectionVerdict.Running, (await _fixture.InspectAsync(spec)).Verdict);
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        var second = await _fixture.StartAsync(spec);
        Assert.Equal(4, second.ExitCode);
        Assert.Equal(["second"], second.LogTail);
    }

    private static partial class Fcntl
    {
        internal static int ClearCloseOnExec(Microsoft.Win32.SafeHandles.SafeFileHandle handle) =>
            Native((int)handle.DangerousGetHandle(), 2, 0);

        [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "fcntl")]
        private static extern int Native(int fd, int command, int argument);
    }
}
