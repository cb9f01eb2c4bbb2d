using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>
/// Examines a whole state directory: what is wrong, what mends it, and whether the mend is provably safe. It mends only what
/// is, each thing under the lock of its port; it signals no process.
/// </summary>
public sealed class Doctor
{
    private readonly EngineParts _parts;

    /// <summary>Makes a doctor.</summary>
    /// <param name="options">State directory and log limits.</param>
    /// <param name="timeProvider">The clock. Default the system's.</param>
    public Doctor(EngineOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _parts = new EngineParts(options, timeProvider ?? TimeProvider.System);
    }

    /// <summary>Examines everything, and mends where that is asked for.</summary>
    /// <param name="mend">Whether to do what is provably safe.</param>
    /// <param name="cancellationToken">Ends the examination between two looks.</param>
    public Task<DiagnosisReport> ExamineAsync(bool mend, CancellationToken cancellationToken) => ExamineAsync(mend, only: null, cancellationToken);

    /// <summary>Examines the platform, the directory itself and one port, whether it has files or not; and mends where that is asked for.</summary>
    /// <param name="port">The port.</param>
    /// <param name="mend">Whether to do what is provably safe.</param>
    /// <param name="cancellationToken">Ends the examination between two looks.</param>
    public Task<DiagnosisReport> ExaminePortAsync(int port, bool mend, CancellationToken cancellationToken)
        => ExamineAsync(mend, Examined.Known(port), cancellationToken);

    /// <summary>Puts together all that explains why a daemon of a fleet is as it is. Changes nothing.</summary>
    /// <param name="daemon">The daemon as its supervisor sees it.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    public async Task<DaemonDiagnosis> DiagnoseAsync(DaemonSnapshot daemon, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(daemon);
        var report = await ExamineAsync(mend: false, new Examined(daemon.Port, daemon.Name, daemon.Host), cancellationToken).ConfigureAwait(false);
        var inspection = report.Daemons.Count > 0 ? report.Daemons[0] : null;
        var files = DiagnosedFile.Of(new DaemonFiles(_parts.Options.StateDirectory, daemon.Port), inspection);
        return new DaemonDiagnosis
        {
            At = _parts.Time.GetUtcNow(),
            Daemon = daemon,

            // Arguments may carry passwords, and a diagnosis is made to be passed on.
            Inspection = inspection is { Command.Count: > 1 } ? inspection with { Command = [inspection.Command[0]] } : inspection,
            Files = files,
            Findings = report.Findings,
            NextStep = NextStep.Of(daemon, inspection, hasLog: files.Any(f => f is { Kind: DiagnosedFile.Log, Bytes: not null })),
        };
    }

    private async Task<DiagnosisReport> ExamineAsync(bool mend, Examined? only, CancellationToken cancellationToken)
    {
        var directory = _parts.Options.StateDirectory;
        var findings = new List<Finding>();
        var daemons = new List<DaemonInspection>();
        void Note(IEnumerable<Symptom> symptoms) => findings.AddRange(symptoms.Select(s => mend ? s.Treat() : s.Finding));
        bool Concerns(Symptom symptom) => only is null || DaemonFiles.IsOf(only.Port, symptom.Finding.File);

        Note(PlatformExamination.Examine(_parts));
        var directoryExamination = new DirectoryExamination(directory);
        Note(directoryExamination.Examine());
        if (directoryExamination.CanBeListed)
        {
            Note(new FileModeExamination(directory).Examine().Where(Concerns));
            Note(new TemporaryFileExamination(_parts).Examine().Where(Concerns));
            Note(only is null ? new LegacyExamination(_parts).Examine() : []);
        }

        // Somebody else may have the port although nothing of ours was ever there.
        if (directoryExamination.CanBeListed || (only is not null && !Path.Exists(directory)))
        {
            foreach (var port in only is null ? KnownDaemons.Ports(directory).Select(Examined.Known) : [only])
            {
                cancellationToken.ThrowIfCancellationRequested();
                var patient = await LookAtAsync(port, cancellationToken).ConfigureAwait(false);
                if (patient.Inspection is { } inspection)
                {
                    daemons.Add(inspection);
                }

                Note(LockExamination.Examine(patient));
                Note(PidFileExamination.Examine(patient));
                Note(RecordExamination.Examine(patient));
                Note(ServiceExamination.Examine(patient));
                Note(LogExamination.Examine(patient));
            }
        }

        return new DiagnosisReport { StateDirectory = directory, Findings = findings, Daemons = daemons };
    }

    private async Task<Patient> LookAtAsync(Examined examined, CancellationToken cancellationToken)
    {
        var files = new DaemonFiles(_parts.Options.StateDirectory, examined.Port);
        var located = _parts.Locator.Locate(files);
        var known = KnownDaemons.Spec(examined.Port, located.Record);
        var spec = known with { Name = examined.Name ?? known.Name, Host = examined.Host ?? known.Host };
        var patient = new Patient(_parts, files, spec, located, PidFile.Read(files.PidFile)) { IsWanted = examined.Name is not null };

        // A host of the record that stands for no address (any more) is a finding of its own.
        return HostAddresses.Find(spec.Host).Count == 0
            ? patient
            : patient with { Inspection = await new Inspector(_parts).InspectAsync(spec, new InspectOptions(), cancellationToken).ConfigureAwait(false) };
    }

    /// <summary>A port to be looked at. Name and host are those of the fleet's daemon there, where one is asked about.</summary>
    private sealed record Examined(int Port, string? Name, string? Host)
    {
        internal static Examined Known(int port) => new(port, Name: null, Host: null);
    }
}
