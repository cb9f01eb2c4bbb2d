using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>A fleet of real processes on free ports and a state directory of its own.</summary>
internal sealed class RealFleetFixture : IAsyncDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly DaemonEngine _engine;
    private readonly bool _moods;
    private readonly bool _smallDisk;
    private readonly Func<int, string[]> _faults;

    /// <param name="count">How many daemons.</param>
    /// <param name="moods">Whether <see cref="MoodFile"/> can change their answers while they run.</param>
    /// <param name="faults">More arguments for a daemon, by its index.</param>
    /// <param name="smallDisk">Whether the state directory is a file system of its own, of one megabyte. Only root can mount it.</param>
    public RealFleetFixture(int count, bool moods = false, Func<int, string[]>? faults = null, bool smallDisk = false)
    {
        _smallDisk = smallDisk;
        if (smallDisk)
        {
            Directory.CreateDirectory(StateDirectory);
            Run("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", StateDirectory);
        }

        _moods = moods;
        _faults = faults ?? (_ => []);
        FirstPort = FreePort.Consecutive(count);
        Ports = [.. Enumerable.Range(FirstPort, count)];
        _engine = new DaemonEngine(new EngineOptions { StateDirectory = StateDirectory }, NullLogger<DaemonEngine>.Instance);
    }

    public int FirstPort { get; }

    public IReadOnlyList<int> Ports { get; }

    public string StateDirectory => _root["state"];

    public FleetSupervisor NewFleet(FleetOptions? options = null, HealthCheck? health = null) => new(
        _engine,
        [.. Ports.Select(port => SpecHere(port) with { Health = health ?? new HealthCheck() })],
        options ?? new FleetOptions { StateDirectory = StateDirectory, StopGracePeriod = TimeSpan.FromSeconds(1) },
        NullLogger<FleetSupervisor>.Instance);

    public static string Name(int port) => string.Create(CultureInfo.InvariantCulture, $"d{port}");

    public static DaemonSpec Spec(int port) => new()
    {
        Name = Name(port),
        Port = port,
        Command = EngineFixture.FaultDaemon,
        Arguments = ["--port", "{port}", "--host", "{host}", "--pid-file", "{pidfile}"],
    };

    /// <summary>While this file exists, the daemon answers as it says.</summary>
    public string MoodFile(int port) => _root[string.Create(CultureInfo.InvariantCulture, $"mood-{port}")];

    private DaemonSpec SpecHere(int port) => Spec(port) with
    {
        Arguments = [.. Spec(port).Arguments, .. _moods ? ["--mood", MoodFile(port)] : Array.Empty<string>(), .. _faults(port - FirstPort)],
    };

    /// <summary>No process, no port and no lock is left, and no files but the lock files and the logs.</summary>
    /// <param name="supervisorsWereKilled">A supervisor that is killed while it writes leaves a temporary file, which the doctor removes.</param>
    public void AssertNothingLeftOver(bool supervisorsWereKilled = false) => Assert.All(Ports, port =>
    {
        var files = new DaemonFiles(StateDirectory, port);
        Assert.Empty(ProcessesOf(port));
        Assert.True(FreePort.IsFree(port));
        Assert.NotEqual(true, InstanceLock.IsHeld(files.LockFile));
        Assert.All(
            Directory.GetFileSystemEntries(StateDirectory).Except(Ports.Select(p => new DaemonFiles(StateDirectory, p).LockFile))
                .Where(file => !supervisorsWereKilled || !file.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal)),
            file => Assert.Contains(".log", Path.GetFileName(file)));
    });

    public static Task AllRunAsync(FleetSupervisor fleet) =>
        Wait.UntilAsync(() => fleet.Daemons.All(d => d is { State: DaemonState.Running, ProbeFailures: 0 }), "all daemons run");

    public Supervisor NewSupervisor() => new(this);

    /// <summary>The processes that serve a port of this fleet, by their command lines.</summary>
    public int[] ProcessesOf(int port)
    {
        var pidFile = new DaemonFiles(StateDirectory, port).PidFile;
        return [.. Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && CommandLine(pid).Contains(pidFile, StringComparison.Ordinal))];
    }

    public static void Signal(int pid, string signal) => Signal([pid], signal);

    public static void Signal(IEnumerable<int> pids, string signal) => Run("kill", [$"-{signal}", .. pids.Select(pid => pid.ToString(CultureInfo.InvariantCulture))]);

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        process.WaitForExit();
    }

    /// <summary>Writes a file until the disk is full.</summary>
    public static void FillUp(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
            {
                stream.Write(new byte[512]);
            }
        }
        catch (IOException)
        {
            // The disk is full.
        }
    }

    /// <summary>Whether a process is stopped by SIGSTOP: its state follows the name in parentheses.</summary>
    public static bool IsSuspended(int pid) => File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].StartsWith('T');

    public async ValueTask DisposeAsync()
    {
        foreach (var port in Ports)
        {
            await _engine.StopAsync(Spec(port), new StopOptions { GracePeriod = TimeSpan.Zero }, CancellationToken.None);
        }

        var left = Ports.SelectMany(ProcessesOf).ToList();
        left.ForEach(pid => Signal(pid, "KILL"));
        if (_smallDisk)
        {
            Run("umount", StateDirectory);
        }

        _root.Dispose();
        Assert.Empty(left);
    }

    // A zombie has an empty command line.
    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>A supervisor in its own process, which can be killed.</summary>
    internal sealed class Supervisor : IAsyncDisposable
    {
        private readonly Process _process;
        private readonly List<string> _lines = [];
        private readonly Task _reading;

        public Supervisor(RealFleetFixture fixture)
        {
            _process = Process.Start(new ProcessStartInfo(
                Path.Combine(AppContext.BaseDirectory, "fleet-host"),
                [fixture.StateDirectory, EngineFixture.FaultDaemon, fixture.FirstPort.ToString(CultureInfo.InvariantCulture), fixture.Ports.Count.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            _process.StandardInput.AutoFlush = true;
            _reading = Task.Run(async () =>
            {
                while (await _process.StandardOutput.ReadLineAsync() is { } line)
                {
                    lock (_lines)
                    {
                        _lines.Add(line);
                    }
                }
            });
        }

        /// <summary>Its events, each as <c>kind name state pid restarts</c>.</summary>
        public IReadOnlyList<string[]> Events
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines.Select(l => l.Split(' '))];
                }
            }
        }

        /// <summary>The PID of each daemon according to its latest event, where it runs.</summary>
        public IReadOnlyDictionary<string, int> Running() => Events
            .GroupBy(e => e[1])
            .Select(g => g.Last())
            .Where(e => e[2] == nameof(DaemonState.Running))
            .ToDictionary(e => e[1], e => int.Parse(e[3], CultureInfo.InvariantCulture));

        public bool HasExited => _process.HasExited;

        public int Pid => _process.Id;

        /// <summary>Waits for its first event.</summary>
        public Task HasBegunAsync() => Wait.UntilAsync(() => Events.Count > 0, "its first event");

        /// <summary>Sends it a command: <c>restart NAME</c>.</summary>
        public Task SendAsync(string command) => _process.StandardInput.WriteLineAsync(command);

        public async Task KillAsync()
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        /// <summary>Ends it properly: it stops its daemons.</summary>
        public async Task EndAsync()
        {
            BeginEnd();
            await _process.WaitForExitAsync().WaitAsync(Wait.Generous);
            await _reading;
        }

        public void BeginEnd() => _process.StandardInput.Close();

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
            {
                await KillAsync();
            }

            _process.Dispose();
        }
    }
}
