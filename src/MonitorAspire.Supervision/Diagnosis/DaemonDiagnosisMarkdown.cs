using System.Globalization;
using System.Text;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>A diagnosis as Markdown, for a dashboard, an issue or a terminal.</summary>
internal sealed class DaemonDiagnosisMarkdown(DaemonDiagnosis diagnosis)
{
    private readonly StringBuilder _text = new();

    private DaemonSnapshot Daemon => diagnosis.Daemon;

    private DaemonInspection? Seen => diagnosis.Inspection;

    /// <summary>Renders a diagnosis. Text from other sources (messages, paths, logs) is escaped.</summary>
    public static string Render(DaemonDiagnosis diagnosis) => new DaemonDiagnosisMarkdown(diagnosis).Render();

    private string Render()
    {
        Add($"# {Text(Daemon.Name)}: {Daemon.State}", "");
        Add($"**What to do next:** {Text(diagnosis.NextStep)}", "");
        AddState();
        AddFailure();
        AddChecks();
        AddPort();
        AddStartup();
        AddFiles();
        AddFindings();
        Add($"Made at {Time(diagnosis.At)}.");
        return _text.ToString();
    }

    private void AddState()
    {
        Table("What", "Is");
        Row("State", Daemon.State + (Daemon is { State: DaemonState.Starting, Stage: { } stage } ? $", stage {Words(stage)}" : ""));
        Row("Next try", Daemon.NextAttemptAt is { } next ? $"{Time(next)} ({Distance(next)})" : null);
        Row("Failures in a row", Daemon.ConsecutiveFailures > 0 ? Number(Daemon.ConsecutiveFailures) : null);
        Row("Failed probes in a row", Daemon.ProbeFailures > 0 ? Number(Daemon.ProbeFailures) : null);
        Row("Restarts", Number(Daemon.Restarts));
        Row("Open alerts", Daemon.Alerts.Count > 0 ? string.Join(", ", Daemon.Alerts.Select(WireNames.Of)) : "none");
        Row("Address", Daemon.Url ?? $"{Daemon.Host}:{Number(Daemon.Port)}");
        Row("PID", Pid());
        Row("Executable", Seen is { Command.Count: > 0 } ? Seen.Command[0] : null);
        Row("Seen from outside", Seen is null ? "it could not be inspected; see what the doctor found" : WireNames.Of(Seen.Verdict) + Explained(Seen.Detail));
        Row("Started", Daemon.StartedAt is { } started ? $"{Time(started)} ({Distance(started)}){(Daemon.Adopted ? ", by an earlier supervisor" : "")}" : null);
        Row("Verified", Daemon.VerifiedAt is { } verified ? $"{Time(verified)} ({Distance(verified)})" : null);
        Row("Trace of the last start", Daemon.TraceId);
        Add("");
    }

    private string Pid()
    {
        var ours = Seen?.Pid is { } pid
            ? $"{Number(pid)}, proved by {ProofText.Of(Seen.IdentityProof)}"
            : null;
        return Daemon.Pid is { } known && known != Seen?.Pid
            ? $"{Number(known)} according to the supervisor; {(ours is null ? "nothing proves it from outside" : $"from outside {ours}")}"
            : ours ?? "none";
    }

    private void AddFailure()
    {
        if (Daemon.LastFailure is not { } failure)
        {
            return;
        }

        Add("## Last failure", "");
        Table("What", "Is");
        Row("Reason", WireNames.Of(failure.Reason));
        Row("Stage", failure.Stage is { } stage ? Words(stage) : "none: it was verified before");
        Row("Seen", $"{Time(failure.At)} ({Distance(failure.At)})");
        Row("Exit code", failure.ExitCode is { } code ? Number(code) : null);
        Row("Signal", failure.Signal is { } signal ? $"{SignalNames.Of(signal)} ({Number(signal)})" : null);
        Row("Detail", failure.Detail);
        Row("Health answer", failure.HealthAnswer is { } measured ? $"{(measured.Status is { } status ? Number(status) : "none that is complete")} after {Milliseconds(measured.Ms)}" : null);
        Add("");
        if (failure.HealthAnswer is { Body.Count: > 0 } answer)
        {
            Add("What the health check got:", "", MarkdownText.Block(answer.Body), "");
        }

        if (failure.LogTail.Count > 0)
        {
            Add("Its last output before that:", "", MarkdownText.Block(failure.LogTail), "");
        }
    }

    private void AddChecks()
    {
        if (Daemon.Checks.Count == 0)
        {
            return;
        }

        Add("## Checks", "");
        Table("Check", "Verdict", "Detail", "When");
        foreach (var check in Daemon.Checks)
        {
            Row(WireNames.Of(check.Name), check.Healthy switch { true => "passed", false => "failed", null => "not made yet" }, check.Detail ?? "", check.At is { } at ? Distance(at) : "");
        }

        Add("");
    }

    private void AddPort()
    {
        Add($"## Port {Number(Daemon.Port)}", "");
        if (Seen is null || Seen.Listeners.Count == 0)
        {
            Add(Seen switch
            {
                null => "It could not be inspected.",
                { OwnsPort: null, Pid: not null } => "This platform does not tell which process listens.",
                _ => "Nobody listens on it.",
            }, "");
            return;
        }

        Table("PID", "Executable", "Listens on", "Whose");
        foreach (var owner in Seen.Listeners)
        {
            Row(
                owner.Pid is { } pid ? Number(pid) : "not visible",
                owner.Executable ?? (owner.Pid is null ? "not visible" : "unknown"),
                owner.Address,
                owner.Pid is { } own && own == Seen.Pid ? "this daemon"
                    : Seen is { OwnsPort: true, Reason: not StartupReason.PortOwnedByOther } ? "a child of this daemon"
                    : "not provably ours");
        }

        Add("");
    }

    private void AddStartup()
    {
        if (Daemon.Startup is not { } startup)
        {
            return;
        }

        Add($"## Last verified start: {Milliseconds(startup.TotalMs)}", "");
        Table("Stage", "Took");
        foreach (var stage in startup.Stages)
        {
            Row(Words(stage.Stage), Milliseconds(stage.Ms));
        }

        Add("");
    }

    private void AddFiles()
    {
        Add("## Files", "");
        Table("File", "State", "Size", "Path");
        foreach (var file in diagnosis.Files)
        {
            Row(file.Kind.Replace('-', ' '), file.State, file.Bytes is { } bytes ? $"{bytes.ToString("N0", CultureInfo.InvariantCulture)} bytes" : "", file.Path);
        }

        Add("");
    }

    private void AddFindings()
    {
        Add("## What the doctor found", "");
        if (diagnosis.Findings.Count == 0)
        {
            Add("Nothing is wrong with its files, its lock and its port.", "");
            return;
        }

        Table("Severity", "Finding", "Problem", "Fix");
        foreach (var finding in diagnosis.Findings)
        {
            Row(WireNames.Of(finding.Severity), finding.Id, finding.Problem, finding.SafeToFix ? $"{finding.Fix} (monitor doctor --fix does it)" : finding.Fix);
        }

        Add("");
    }

    private void Add(params ReadOnlySpan<string> lines)
    {
        foreach (var line in lines)
        {
            _text.Append(line).Append('\n');
        }
    }

    private void Table(params ReadOnlySpan<string> headings)
    {
        Add($"| {string.Join(" | ", headings)} |");
        _text.Append('|').Insert(_text.Length, "---|", headings.Length).Append('\n');
    }

    // A row without a value is left out.
    private void Row(string what, string? value)
    {
        if (value is not null)
        {
            Row([what, value]);
        }
    }

    private void Row(params ReadOnlySpan<string> cells)
    {
        _text.Append('|');
        foreach (var cell in cells)
        {
            _text.Append(' ').Append(Text(cell)).Append(" |");
        }

        _text.Append('\n');
    }

    private static string Text(string text) => MarkdownText.Line(text);

    private static string Words(StartupStage stage) => WireNames.Of(stage).Replace('_', ' ');

    private static string Explained(string? detail) => string.IsNullOrEmpty(detail) ? "" : $": {detail}";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Milliseconds(double ms) => string.Create(CultureInfo.InvariantCulture, $"{ms:0.#} ms");

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private string Distance(DateTimeOffset time)
    {
        var distance = time - diagnosis.At;
        var size = distance.Duration();
        var text = size switch
        {
            { TotalSeconds: < 1 } => null,
            { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{size.TotalSeconds:0} s"),
            { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{size.TotalMinutes:0} min"),
            { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{size.TotalHours:0} h"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{size.TotalDays:0} days"),
        };
        return text is null ? "now" : distance > TimeSpan.Zero ? $"in {text}" : $"{text} ago";
    }
}
