using System.Globalization;
using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Simulation.AppHost;

/// <summary>
/// The program that launches the attached daemons, as an Aspire AppHost with its orchestrator does: by itself, on a request of the supervisor, or
/// because a person wants it. It reports what its processes do, connects again when the connection is lost, and dies and comes back itself.
/// </summary>
internal sealed class SimulatedAppHost(SimulatedSystem system, Choices choices)
{
    private static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(20);

    private readonly SortedDictionary<string, SimulatedResource> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Task<string?>> _results = [];
    private SupervisorLink? _supervisor;
    private Connection? _connection;
    private long _launches;
    private int _life;
    private bool _isHealed;

    public bool IsAlive { get; private set; } = true;

    /// <summary>How many of the next requests are refused.</summary>
    public int Refusals { get; set; }

    /// <summary>How many of the next requests get no answer.</summary>
    public int LostAnswers { get; set; }

    public bool AnswersTwice { get; set; }

    /// <summary>The longest time before a command is carried out.</summary>
    public TimeSpan CommandTime { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest time until a report about a process is made.</summary>
    public TimeSpan ReportTime { get; set; } = TimeSpan.FromMilliseconds(20);

    public SimulatedResource? Find(string name) => _resources.GetValueOrDefault(name);

    /// <summary>Whether it knows the process as its own.</summary>
    public bool Knows(SimulatedProcess process) => _resources.Values.Any(r => r.Process == process);

    /// <summary>Whether it launches the daemon of this port.</summary>
    public bool Has(int port) => _resources.Values.Any(r => r.Port == port);

    /// <summary>Begins: each resource is launched at once, after what it waits for, or only when a person wants it.</summary>
    public void Begin(IEnumerable<DaemonSpec> specs)
    {
        foreach (var spec in specs)
        {
            var resource = _resources[spec.Name] = new SimulatedResource(spec);
            BeginReports(resource);
            if (!choices.Chance(0.1))
            {
                LaunchLater(resource, choices.Duration(TimeSpan.FromMicroseconds(1), TimeSpan.FromMinutes(1)));
            }
        }
    }

    /// <summary>The supervisor that is to be connected; <see langword="null"/> while there is none.</summary>
    public void Serve(SupervisorLink? supervisor)
    {
        Disconnect();
        _supervisor = supervisor;
        ConnectSoon();
    }

    public void LoseConnection()
    {
        Disconnect();
        ConnectSoon(choices.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1)));
    }

    public void PersonStarts(string name)
    {
        var now = system.Scheduler.Now;
        Command(name, resource => resource.Process is null ? LaunchAsync(resource, Cause.Person, now) : Task.FromResult<string?>(null));
    }

    public void PersonStops(string name) => Command(name, resource => EndByPersonAsync(resource));

    public void PersonRestarts(string name)
    {
        var now = system.Scheduler.Now;
        Command(name, async resource => await EndByPersonAsync(resource).ConfigureAwait(false) ?? await LaunchAsync(resource, Cause.Person, now).ConfigureAwait(false));
    }

    /// <summary>Launches a process although the one before it lives, as an AppHost does that was killed and has not ended its processes.</summary>
    public void LaunchSecond(string name) => Command(name, resource => _isHealed ? Task.FromResult<string?>(null) : LaunchAsync(resource, Cause.Itself));

    /// <summary>Dies, with its processes or without them. Comes back later and launches all of them.</summary>
    public void Die(bool killsProcesses, TimeSpan absence)
    {
        if (!IsAlive)
        {
            return;
        }

        system.Say($"the AppHost dies for {absence}");
        Disconnect();
        (IsAlive, _life) = (false, _life + 1);
        _results.Clear();
        foreach (var resource in _resources.Values)
        {
            resource.Reports.Close();
            if (killsProcesses)
            {
                KillTree(resource.Port, 9);
            }

            (resource.Process, resource.Current, resource.StopCause, resource.LastCommand) = (null, null, null, Task.CompletedTask);
        }

        var life = _life;
        system.Scheduler.After(absence, () =>
        {
            if (life == _life)
            {
                Return();
            }
        });
    }

    /// <summary>All works again: it lives, is connected, carries out what it is asked, and no process is left that it does not know.</summary>
    public void Heal()
    {
        _isHealed = true;
        (Refusals, LostAnswers, AnswersTwice, CommandTime, ReportTime) = (0, 0, false, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(20));
        if (!IsAlive)
        {
            Return();
        }

        if (_connection is null)
        {
            ConnectSoon();
        }

        EndForgotten();
        foreach (var resource in _resources.Values)
        {
            if (resource.Process is null && resource.Current is null or { Report.State: LauncherState.Waiting })
            {
                PersonStarts(resource.Name);
            }
        }
    }

    /// <summary>A person ends the processes that it has launched and does not know any more.</summary>
    public void EndForgotten()
    {
        foreach (var resource in _resources.Values)
        {
            foreach (var process in system.AliveOf(resource.Port).Where(p => p is { IsRoot: true, IsAttached: true } && p != resource.Process).ToList())
            {
                system.Kill(process, new ProcessExit(null, 9));
            }
        }
    }

    private void Return()
    {
        system.Say("the AppHost is back");
        IsAlive = true;
        _life++;
        foreach (var resource in _resources.Values)
        {
            BeginReports(resource);

            // A persistent process is found again.
            if (choices.Chance(0.3) && system.RootOf(resource.Port) is { } alive)
            {
                resource.Process = alive;
                resource.LaunchCause = Cause.Itself;
                Report(resource, new LauncherReport { Daemon = resource.Name, State = LauncherState.Running, Pid = alive.Pid }, Cause.Itself);
                WatchEnd(resource, alive);
            }
            else
            {
                LaunchLater(resource, choices.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)));
            }
        }

        ConnectSoon();
    }

    private void BeginReports(SimulatedResource resource)
    {
        resource.Reports = new Pipe<SentReport>(system.Scheduler, () => Luck(ReportTime), sent =>
        {
            resource.Current = sent;
            Send(sent);
        });
        Report(resource, new LauncherReport { Daemon = resource.Name, State = LauncherState.Waiting }, Cause.Itself);
    }

    private void LaunchLater(SimulatedResource resource, TimeSpan delay)
    {
        var life = _life;
        system.Scheduler.After(delay, () =>
        {
            if (life == _life && resource.Process is null)
            {
                Command(resource.Name, _ => resource.Process is null ? LaunchAsync(resource, Cause.Itself) : Task.FromResult<string?>(null));
            }
        });
    }

    private Task<string?> Command(string name, Func<SimulatedResource, Task<string?>> command)
    {
        if (!IsAlive || Find(name) is not { } resource)
        {
            return Task.FromResult<string?>("there is no such resource");
        }

        var done = RunAsync(resource, resource.LastCommand, command);
        resource.LastCommand = done;
        return done;
    }

    private async Task<string?> RunAsync(SimulatedResource resource, Task before, Func<SimulatedResource, Task<string?>> command)
    {
        await AwaitInLifeAsync(EndOfAsync(before)).ConfigureAwait(false);
        return await command(resource).ConfigureAwait(false);
    }

    private async Task<string?> LaunchAsync(SimulatedResource resource, Cause cause, TimeSpan? askedAt = null)
    {
        var name = resource.Name;
        resource.AskedAt = cause == Cause.Supervisor ? resource.AskedAt : askedAt ?? system.Scheduler.Now;
        Report(resource, new LauncherReport { Daemon = name, State = LauncherState.Waiting }, cause);
        await DelayAsync(Luck(CommandTime)).ConfigureAwait(false);
        var refusal = system.IsForeignListening(resource.Port) ? $"another process owns port {resource.Port}"
            : system.MissingCommands.Contains(resource.Port) ? "no such command"
            : null;
        if (refusal is not null)
        {
            Report(resource, new LauncherReport { Daemon = name, State = LauncherState.Failed, Detail = refusal }, cause);
            return refusal;
        }

        var id = string.Create(CultureInfo.InvariantCulture, $"{resource.Port}-apphost-{++_launches}");
        var process = system.Spawn(null, resource.Port, isRoot: true, id, isAttached: true);
        (resource.Process, resource.StopCause, resource.LaunchCause) = (process, null, cause);
        new SimulatedProgram(system, process).RunAttached(resource.Claims, this);
        Report(resource, new LauncherReport { Daemon = name, State = LauncherState.Running, Pid = process.Pid }, cause);
        WatchEnd(resource, process);
        return null;
    }

    private void WatchEnd(SimulatedResource resource, SimulatedProcess process)
    {
        var life = _life;
        process.WhenEnded(exit =>
        {
            if (life != _life || !IsAlive || resource.Process != process)
            {
                return;
            }

            var cause = resource.StopCause;
            resource.Process = null;
            Report(
                resource,
                new LauncherReport { Daemon = resource.Name, State = LauncherState.Ended, Pid = process.Pid, ExitCode = exit.ExitCode ?? 128 + exit.Signal, OnPurpose = cause == Cause.Person },
                cause ?? Cause.Itself);
        });
    }

    private Task<string?> EndByPersonAsync(SimulatedResource resource)
    {
        resource.AskedAt = system.Scheduler.Now;
        Announce(resource, Cause.Person);
        return EndAsync(resource, Cause.Person);
    }

    // The command itself is told at once; a report of the orchestrator comes later.
    private void Announce(SimulatedResource resource, Cause cause)
    {
        if (resource.Current is { Report: { State: LauncherState.Running } running })
        {
            resource.Current = new SentReport(running with { State = LauncherState.Stopping, OnPurpose = cause == Cause.Person }, cause, resource.AskedAt);
            Send(resource.Current);
        }
    }

    private async Task<string?> EndAsync(SimulatedResource resource, Cause cause)
    {
        if (resource.Process is not { } process)
        {
            return null;
        }

        resource.StopCause = cause;
        await DelayAsync(Luck(CommandTime)).ConfigureAwait(false);
        if (choices.Chance(0.7))
        {
            Report(resource, new LauncherReport { Daemon = resource.Name, State = LauncherState.Stopping, Pid = process.Pid, OnPurpose = cause == Cause.Person }, cause);
        }

        SignalTree(process, 15);
        await EndOfAsync(process, GracePeriod).ConfigureAwait(false);
        if (process.IsAlive)
        {
            SignalTree(process, 9);
            await EndOfAsync(process, KillTime).ConfigureAwait(false);
        }

        if (process.IsAlive)
        {
            // It is killed as soon as the kernel lets it go.
            return "it does not end";
        }

        return null;
    }

    private void SignalTree(SimulatedProcess root, int signal)
    {
        foreach (var member in system.Alive.Where(p => p == root || (p.Session == root.Pid && p.Owner == root.Owner)).ToList())
        {
            system.Signal(member, signal);
        }
    }

    private void KillTree(int port, int signal)
    {
        foreach (var member in system.AliveOf(port).Where(p => p.IsAttached || !p.IsRoot).ToList())
        {
            system.Signal(member, signal);
        }
    }

    private static void Report(SimulatedResource resource, LauncherReport report, Cause cause) => resource.Reports.Send(new SentReport(report, cause, resource.AskedAt));

    private void Send(SentReport sent) => _connection?.ToSupervisor.Send((sent, null));

    private void Disconnect()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            connection.ToSupervisor.Close();
            connection.ToAppHost.Close();

            // A supervisor notices it when a ping is not answered.
            var supervisor = _supervisor;
            system.Scheduler.After(choices.Duration(TimeSpan.FromMicroseconds(1), TimeSpan.FromSeconds(3)), () => supervisor?.Disconnect(connection));
        }
    }

    private void ConnectSoon(TimeSpan? delay = null)
    {
        var (life, supervisor) = (_life, _supervisor);
        system.Scheduler.After(delay ?? choices.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(500)), () =>
        {
            if (life == _life && IsAlive && _connection is null && supervisor is { IsClosed: false } && supervisor == _supervisor)
            {
                Connect(supervisor);
            }
        });
    }

    private void Connect(SupervisorLink supervisor)
    {
        system.Say("the AppHost is connected");
        var connection = new Connection(
            new Pipe<(SentReport? Report, LauncherAnswer? Answer)>(system.Scheduler, Latency, sent =>
            {
                if (sent.Report is { } report)
                {
                    system.Say($"report {report.Report.Daemon} {report.Report.State} PID {report.Report.Pid} {report.Cause}");
                    supervisor.Receive(report);
                }
                else
                {
                    supervisor.Receive(sent.Answer!);
                }
            }),
            new Pipe<LauncherMessage>(system.Scheduler, Latency, message => Receive((LauncherRequest)message)));
        _connection = connection;
        supervisor.Connect(connection, connection.ToAppHost.Send);
        foreach (var resource in _resources.Values.Where(r => r.Current is not null))
        {
            Send(resource.Current!);
        }
    }

    private void Receive(LauncherRequest request)
    {
        // A request that comes again over a new connection gets the result of the first time.
        var isKnown = _results.TryGetValue(request.Id, out var result);
        if (!isKnown)
        {
            system.Say($"request {request.Action} {request.Daemon}");
            _results[request.Id] = result = Command(request.Daemon, resource => CarryOutAsync(resource, request));
        }

        _ = AnswerAsync(request, result!, isLost: !isKnown && LostAnswers > 0);
    }

    private async Task AnswerAsync(LauncherRequest request, Task<string?> result, bool isLost)
    {
        LostAnswers -= isLost ? 1 : 0;
        await EndOfAsync(result).ConfigureAwait(false);
        if (!result.IsCompletedSuccessfully)
        {
            // The AppHost has died meanwhile.
            return;
        }

        var answer = new LauncherAnswer(request.Id, await result.ConfigureAwait(false));
        system.Say($"answer {request.Action} {request.Daemon} {answer.Error ?? "done"}{(isLost ? " is lost" : "")}");
        for (var i = isLost ? 2 : AnswersTwice ? 0 : 1; i < 2; i++)
        {
            _connection?.ToSupervisor.Send((null, answer));
        }
    }

    private async Task<string?> CarryOutAsync(SimulatedResource resource, LauncherRequest request)
    {
        await DelayAsync(Luck(CommandTime)).ConfigureAwait(false);
        if (Refusals > 0)
        {
            Refusals--;
            return "refused";
        }

        if (request.Action == LauncherAction.Stop)
        {
            if (!resource.IsShownAlive)
            {
                return null;
            }

            Announce(resource, Cause.Supervisor);
            return await EndAsync(resource, Cause.Supervisor).ConfigureAwait(false);
        }

        // The orchestrator deletes the process before it launches another one.
        return await EndAsync(resource, Cause.Supervisor).ConfigureAwait(false) ?? await LaunchAsync(resource, Cause.Supervisor).ConfigureAwait(false);
    }

    // A task that several callers await continues only one of them on this thread.
    private static Task EndOfAsync(Task task)
    {
        var ended = new TaskCompletionSource();
        task.ContinueWith(_ => ended.SetResult(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return ended.Task;
    }

    private async Task EndOfAsync(SimulatedProcess process, TimeSpan limit)
    {
        var ended = new TaskCompletionSource();
        var entry = system.Scheduler.After(limit, () => ended.TrySetResult());
        process.WhenEnded(_ => system.Scheduler.Post(() => ended.TrySetResult()));
        await AwaitInLifeAsync(ended.Task).ConfigureAwait(false);
        entry.IsCancelled = true;
    }

    private Task DelayAsync(TimeSpan delay)
    {
        var ended = new TaskCompletionSource();
        system.Scheduler.After(delay, ended.SetResult);
        return AwaitInLifeAsync(ended.Task);
    }

    private async Task AwaitInLifeAsync(Task task)
    {
        var life = _life;
        await task.ConfigureAwait(false);
        if (life != _life)
        {
            throw new InvalidOperationException("the AppHost has died");
        }
    }

    private TimeSpan Latency() => choices.Chance(0.5) ? TimeSpan.Zero : choices.Duration(TimeSpan.FromMicroseconds(1), TimeSpan.FromMilliseconds(20));

    private TimeSpan Luck(TimeSpan longest) => choices.Chance(0.3) ? TimeSpan.Zero : choices.Duration(TimeSpan.FromMicroseconds(1), longest);

    private sealed record Connection(Pipe<(SentReport? Report, LauncherAnswer? Answer)> ToSupervisor, Pipe<LauncherMessage> ToAppHost);
}
