using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>
/// Examines a state directory: finds problems, names their fixes, and carries out the fixes that are provably safe, each under the lock of its
/// port. It signals no process.
/// </summary>
public sealed class Doctor
{
    private readonly EngineParts _parts;

    /// <summary>Creates a doctor.</summary>
    /// <param name="options">State directory and log limits.</param>
    /// <param name="timeProvider">The clock. Default the system's.</param>
    public Doctor(EngineOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _parts = new EngineParts(options, timeProvider ?? TimeProvider.System);
    }

    /// <summary>The secrets of a daemon of a fleet, by its name, which a diagnosis does not show. Default: none are known.</summary>
    internal Func<string, Secrets?> SecretsOf { get; init; } = static _ => null;

    /// <summary>Examines the whole state directory.</summary>
    /// <param name="fix">Whether the fixes that are provably safe are carried out.</param>
    /// <param name="cancellationToken">Cancels the examination.</param>
    public Task<DiagnosisReport> ExamineAsync(bool fix, CancellationToken cancellationToken) => ExamineAsync(fix, only: null, cancellationToken);

    /// <summary>Examines the platform, the directory itself and one port, which need not have files.</summary>
    /// <param name="port">The port.</param>
    /// <param name="fix">Whether the fixes that are provably safe are carried out.</param>
    /// <param name="cancellationToken">Cancels the examination.</param>
    public Task<DiagnosisReport> ExaminePortAsync(int port, bool fix, CancellationToken cancellationToken)
        => ExamineAsync(fix, PortToExamine.Known(port), cancellationToken);

    /// <summary>Explains the state of a daemon of a fleet. Changes nothing.</summary>
    /// <param name="daemon">The daemon as its supervisor sees it.</param>
    /// <param name="cancellationToken">Cancels the diagnosis.</param>
    public async Task<DaemonDiagnosis> DiagnoseAsync(DaemonSnapshot daemon, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        var report = await ExamineAsync(fix: false, new PortToExamine(daemon.Port, daemon.Name, daemon.Host), cancellationToken).ConfigureAwait(false);
        var inspection = report.Daemons.Count > 0 ? report.Daemons[0] : null;
        var files = DiagnosedFile.Of(new DaemonFiles(_parts.Options.StateDirectory, daemon.Port), inspection);
        return new DaemonDiagnosis
        {
            At = _parts.Time.GetUtcNow(),
            Daemon = daemon,

            Inspection = inspection is null ? null : Shareable(inspection, SecretsOf(daemon.Name)),
            Files = files,
            Findings = SecretsOf(daemon.Name) is { } secrets ? [.. report.Findings.Select(f => f with { Problem = secrets.HideIn(f.Problem) })] : report.Findings,
            NextStep = NextStep.Of(daemon, inspection, hasLog: files.Any(f => f is { Kind: DiagnosedFile.Log, Bytes: not null })),
        };
    }

    // Arguments may contain passwords, the detail may quote what the daemon answered, and a diagnosis is shared with others.
    private static DaemonInspection Shareable(DaemonInspection inspection, Secrets? secrets) => inspection with
    {
        Command = [.. inspection.Command.Take(1)],
        Detail = secrets is null ? inspection.Detail : secrets.HideIn(inspection.Detail),
        HealthBody = secrets is null ? inspection.HealthBody : secrets.HideIn(inspection.HealthBody),
    };

    private async Task<DiagnosisReport> ExamineAsync(bool fix, PortToExamine? only, CancellationToken cancellationToken)
    {
        var directory = _parts.Options.StateDirectory;
        var findings = new List<Finding>();
        var daemons = new List<DaemonInspection>();
        void Add(IEnumerable<FixableFinding> found) => findings.AddRange(found.Select(f => fix ? f.TryFix() : f.Finding));
        bool Concerns(FixableFinding finding) => only is null || DaemonFiles.IsOf(only.Port, finding.Finding.File);

        Add(_parts.Listeners.CanProveOwnership ? [] : [new(
            "ownership-unprovable", FindingSeverity.Info, file: null,
            "this platform does not tell which process a listening socket belongs to: verified starts report the port's owner as unverified",
            "none needed; PID file, lock and health are still checked")]);
        var directoryCheck = new DirectoryCheck(directory);
        Add(directoryCheck.Examine());
        Add(new FileSystemCheck(directory).Examine());
        if (directoryCheck.CanBeListed)
        {
            Add(new FileModeCheck(directory).Examine().Where(Concerns));
            Add(new TemporaryFileCheck(_parts).Examine().Where(Concerns));
            Add(only is null ? new LegacyCheck(_parts).Examine() : []);
        }

        // Another process may use the port although no daemon of ours was ever there.
        if (directoryCheck.CanBeListed || (only is not null && !Path.Exists(directory)))
        {
            foreach (var wanted in only is null ? KnownDaemons.Ports(directory).Select(PortToExamine.Known) : [only])
            {
                cancellationToken.ThrowIfCancellationRequested();
                var port = await LookAtAsync(wanted, cancellationToken).ConfigureAwait(false);
                if (port.Inspection is { } inspection)
                {
                    daemons.Add(inspection);
                }

                Add(LockCheck.Examine(port));
                Add(PidFileCheck.Examine(port));
                Add(RecordCheck.Examine(port));
                Add(DefinitionCheck.Examine(port));
                Add(ServiceCheck.Examine(port));
                Add(PortCheck.Examine(port));
                Add(LogCheck.Examine(port));
            }
        }

        return new DiagnosisReport { StateDirectory = directory, Findings = findings, Daemons = daemons };
    }

    private async Task<ExaminedPort> LookAtAsync(PortToExamine examined, CancellationToken cancellationToken)
    {
        var files = new DaemonFiles(_parts.Options.StateDirectory, examined.Port);
        var located = _parts.Locator.Locate(files);
        var known = KnownDaemons.Spec(examined.Port, located.Record);
        var spec = known with { Name = examined.Name ?? known.Name, Host = examined.Host ?? known.Host };
        var port = new ExaminedPort(_parts, files, spec, located, PidFile.Read(files.PidFile)) { IsWanted = examined.Name is not null };

        // A host that cannot be resolved is a finding of its own.
        return (await HostAddresses.FindAsync(spec.Host, cancellationToken).ConfigureAwait(false)).Count == 0
            ? port
            : port with { Inspection = await new Inspector(_parts).InspectAsync(spec, new InspectOptions(), cancellationToken).ConfigureAwait(false) };
    }

    /// <summary>A port to examine. Name and host are set for a daemon of a fleet.</summary>
    private sealed record PortToExamine(int Port, string? Name, string? Host)
    {
        internal static PortToExamine Known(int port) => new(port, Name: null, Host: null);
    }
}
