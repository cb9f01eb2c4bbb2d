using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
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

    /// <summary>Examines, and mends where that is asked for.</summary>
    /// <param name="mend">Whether to do what is provably safe.</param>
    /// <param name="cancellationToken">Ends the examination between two looks.</param>
    public async Task<DiagnosisReport> ExamineAsync(bool mend, CancellationToken cancellationToken)
    {
        var directory = _parts.Options.StateDirectory;
        var findings = new List<Finding>();
        var daemons = new List<DaemonInspection>();
        void Note(IEnumerable<Symptom> symptoms) => findings.AddRange(symptoms.Select(s => mend ? s.Treat() : s.Finding));

        Note(PlatformExamination.Examine(_parts));
        var directoryExamination = new DirectoryExamination(directory);
        Note(directoryExamination.Examine());
        if (directoryExamination.CanBeListed)
        {
            Note(new FileModeExamination(directory).Examine());
            Note(new TemporaryFileExamination(_parts).Examine());
            Note(new LegacyExamination(_parts).Examine());
            foreach (var port in KnownDaemons.Ports(directory))
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

    private async Task<Patient> LookAtAsync(int port, CancellationToken cancellationToken)
    {
        var files = new DaemonFiles(_parts.Options.StateDirectory, port);
        var located = _parts.Locator.Locate(files);
        var spec = KnownDaemons.Spec(port, located.Record);
        var patient = new Patient(_parts, files, spec, located, PidFile.Read(files.PidFile));

        // A host of the record that stands for no address (any more) is a finding of its own.
        return EngineParts.AddressesOf(spec.Host).Count == 0
            ? patient
            : patient with { Inspection = await new Inspector(_parts).InspectAsync(spec, new InspectOptions(), cancellationToken).ConfigureAwait(false) };
    }
}
