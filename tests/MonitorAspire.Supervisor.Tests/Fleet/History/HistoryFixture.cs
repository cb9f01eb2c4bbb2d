using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Fleet.History;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Fleet.History;

/// <summary>A state directory in which tests open histories one after the other.</summary>
internal sealed class HistoryFixture : IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private long _lastId;

    public HistoryFixture() => Directory.CreateDirectory(StateDirectory);

    public string StateDirectory => _root["state"];

    public string FilePath => Path.Combine(StateDirectory, "supervisor-1.history.jsonl");

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public Messages Log { get; } = new();

    public string this[string name] => _root[name];

    public FleetHistory Open() => FleetHistory.Open(FilePath, Time, Log);

    public string[] Lines() => File.ReadAllText(FilePath).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public FleetEvent Verified(string name, double ms, params (StartupStage Stage, double Ms)[] stages) => Event(
        FleetEventKind.StartVerified, name, Report(name, StartupVerdict.Verified, ms) with { Stages = [.. stages.Select(s => new StageTiming(s.Stage, s.Ms))] });

    public FleetEvent Failed(string name, StartupReason reason, double ms = 5) => Event(
        FleetEventKind.StartFailed, name, Report(name, StartupVerdict.Failed, ms) with { Reason = reason, Stage = StartupStage.Health });

    public FleetEvent Adopted(string name) => Event(
        FleetEventKind.Adopted, name, Report(name, StartupVerdict.AlreadyRunning, 0) with { Reason = StartupReason.AlreadyRunning });

    public FleetEvent AlreadyRunning(string name) => Event(
        FleetEventKind.StartVerified, name, Report(name, StartupVerdict.AlreadyRunning, 3) with { Reason = StartupReason.AlreadyRunning });

    public static DaemonSnapshot Daemon(string name, int restarts = 0) => new()
    {
        Name = name,
        Host = "127.0.0.1",
        Port = 9000,
        State = DaemonState.Running,
        Restarts = restarts,
    };

    public void Dispose() => _root.Dispose();

    private static StartupReport Report(string name, StartupVerdict verdict, double ms) => new()
    {
        Name = name,
        Host = "127.0.0.1",
        Port = 9000,
        Verdict = verdict,
        TotalMs = ms,
    };

    private FleetEvent Event(FleetEventKind kind, string name, StartupReport report)
    {
        Time.Advance(TimeSpan.FromMilliseconds(1));
        return new FleetEvent
        {
            Id = ++_lastId,
            At = Time.GetUtcNow(),
            Kind = kind,
            Daemon = Daemon(name),
            Report = report,
        };
    }

    internal sealed class Messages : ILogger<FleetHistory>
    {
        private readonly ConcurrentQueue<(LogLevel Level, string Text)> _all = new();

        public IReadOnlyList<string> Warnings => [.. _all.Where(m => m.Level >= LogLevel.Warning).Select(m => m.Text)];

        public IReadOnlyList<string> All => [.. _all.Select(m => m.Text)];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => _all.Enqueue((logLevel, formatter(state, exception)));
    }
}
