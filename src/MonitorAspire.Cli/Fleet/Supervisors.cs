using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Fleet;

/// <summary>A daemon that a living supervisor looks after.</summary>
/// <param name="Daemon">What the supervisor says about it.</param>
/// <param name="Address">Base address of the supervisor's REST API.</param>
/// <param name="Directory">The directory with the supervisor's token.</param>
internal sealed record SupervisedDaemon(DaemonSnapshot Daemon, string Address, string Directory)
{
    /// <summary>Has the supervisor carry out an action, and returns its report. Done behind its back, it would be taken for a failure.</summary>
    /// <exception cref="IOException">The supervisor refuses, or does not answer.</exception>
    internal async Task<TReport> AskAsync<TReport>(string action, JsonTypeInfo<TReport> report, CancellationToken cancellationToken)
    {
        using var client = new FleetClient(Address, Directory);
        return await client.ActAsync(Daemon.Name, action, report, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>A living supervisor that does not answer, or not usably.</summary>
/// <param name="Pid">Its PID.</param>
/// <param name="Problem">A sentence without its full stop, which names PID and port.</param>
internal sealed record SilentSupervisor(int Pid, string Problem);

/// <summary>The daemons that the living supervisors of a state directory look after, and the supervisors that do not answer.</summary>
internal sealed record Supervisors(IReadOnlyList<SupervisedDaemon> Supervised, IReadOnlyList<SilentSupervisor> Silent)
{
    /// <summary>The address of each REST API, and the directory with its token.</summary>
    internal IReadOnlyList<(string Address, string Directory)> Answering { get; private init; } = [];

    /// <summary>Who only wants to see something does not wait longer for a supervisor that hangs.</summary>
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(2);

    /// <summary>What its supervisor does not carry out, it takes for a failure of the daemon. On a busy machine it may need seconds for an answer.</summary>
    private static readonly TimeSpan ActionLimit = TimeSpan.FromSeconds(15);

    internal static Supervisors None { get; } = new([], []);

    internal IEnumerable<DaemonSnapshot> Daemons => Supervised.Select(d => d.Daemon);

    /// <summary>The daemon on a port; <see langword="null"/> where no supervisor looks after it.</summary>
    /// <exception cref="IOException">That is unknown, because a supervisor does not answer. It would take a stop for a failure of its daemon.</exception>
    internal SupervisedDaemon? On(int port)
    {
        var supervised = Supervised.FirstOrDefault(d => d.Daemon.Port == port);
        if (supervised is null)
        {
            RequireAnswers();
        }

        return supervised;
    }

    /// <summary>Throws unless all supervisors have answered.</summary>
    /// <exception cref="IOException">One has not.</exception>
    internal void RequireAnswers()
    {
        if (Silent is [var silent, ..])
        {
            throw new IOException(
                $"{silent.Problem}, so it is unknown which daemons it looks after, and nothing was done; where it hangs, end it with 'kill -9 {silent.Pid}' (its daemons live on), and try again");
        }
    }

    /// <summary>Their names, which may be known to a supervisor only.</summary>
    internal IEnumerable<(string Name, int Port)> Names => Daemons.Select(d => (d.Name, d.Port));

    /// <summary>Asks all of them, for a command that only shows something.</summary>
    internal static Task<Supervisors> AskAsync(string stateDirectory, CancellationToken cancellationToken) =>
        AskAsync(stateDirectory, LookLimit, cancellationToken);

    /// <summary>Asks all of them, for a command that starts or stops a daemon.</summary>
    internal static Task<Supervisors> AskBeforeActionAsync(string stateDirectory, CancellationToken cancellationToken) =>
        AskAsync(stateDirectory, ActionLimit, cancellationToken);

    private static async Task<Supervisors> AskAsync(string stateDirectory, TimeSpan answerLimit, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(Living(stateDirectory).Select(files => AskAsync(files, answerLimit, cancellationToken))).ConfigureAwait(false);
        return answers.Length == 0 ? None : new Supervisors([.. answers.SelectMany(a => a.Supervised)], [.. answers.SelectMany(a => a.Silent)]) { Answering = [.. answers.SelectMany(a => a.Answering)] };
    }

    /// <summary>The inspection of a daemon with what its supervisor says.</summary>
    internal DaemonInspection Over(DaemonInspection seen) => Daemons.FirstOrDefault(d => d.Port == seen.Port) is not { } daemon ? seen : seen with
    {
        // A daemon that never served has no record, which has the number otherwise.
        Restarts = daemon.Restarts,
        Supervisor = new SupervisorView(daemon.State)
        {
            WaitingFor = daemon.WaitingFor,
            NextAttemptAt = daemon.NextAttemptAt,
            ConsecutiveFailures = daemon.ConsecutiveFailures,
            LastFailure = daemon.LastFailure?.Reason,
            LastFailureDetail = daemon.LastFailure?.Detail,
        },
    };

    // The lock of a supervisor is held as long as it lives.
    private static IEnumerable<SupervisorFiles> Living(string stateDirectory)
    {
        foreach (var directory in (string[])[stateDirectory, SupervisorFiles.TemporaryDirectory(stateDirectory)])
        {
            foreach (var path in Directory.Exists(directory) ? Directory.EnumerateFiles(directory, $"{SupervisorFiles.Prefix}*.lock") : [])
            {
                if (int.TryParse(Path.GetFileNameWithoutExtension(path)[SupervisorFiles.Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                    && InstanceLock.IsHeld(path) == true)
                {
                    yield return new SupervisorFiles(directory, port);
                }
            }
        }
    }

    private static IPEndPoint? AddressOf(int supervisor, int port) =>
        ListenerProbe.Current.FindOwners(port, [supervisor])
            .Where(socket => socket.Pids.Contains(supervisor) && ListenerCoverage.Serves(socket.Listener, [IPAddress.Loopback, IPAddress.IPv6Loopback]))
            .Select(socket => new IPEndPoint(HostAddresses.ProbeTargets([socket.Listener.EndPoint.Address])[0], port))
            .FirstOrDefault();

    private static async Task<Supervisors> AskAsync(SupervisorFiles files, TimeSpan answerLimit, CancellationToken cancellationToken)
    {
        // Only the process that holds the lock gets the token. Another one may listen on the port.
        if (ProcessTable.Current.FindLockHolder(files.Lock) is not { } supervisor || AddressOf(supervisor, files.Port) is not { } address)
        {
            // It is just starting or ending, or listens where this machine is reached from outside.
            return None;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(answerLimit);
        try
        {
            var url = $"http://{address}";
            using var client = new FleetClient(url, files.Directory);
            var daemons = await client.DaemonsAsync(limit.Token).ConfigureAwait(false);
            return new Supervisors([.. daemons.Select(d => new SupervisedDaemon(d, url, files.Directory))], []) { Answering = [(url, files.Directory)] };
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var what = e is OperationCanceledException ? $"does not answer within {answerLimit.TotalSeconds:0} s" : $"gives no usable answer: {e.Message}";
            return new Supervisors([], [new SilentSupervisor(supervisor, $"the supervisor (PID {supervisor}, port {files.Port}) {what}")]);
        }
    }
}
