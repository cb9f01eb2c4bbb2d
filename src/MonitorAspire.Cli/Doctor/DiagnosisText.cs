using System.Globalization;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Doctor;

/// <summary>A diagnosis for people: each finding with its fix, and a summary.</summary>
internal static class DiagnosisText
{
    internal static IEnumerable<string> Render(DiagnosisReport report, bool colour)
    {
        foreach (var finding in report.Findings)
        {
            var where = finding.Port is { } port ? string.Create(CultureInfo.InvariantCulture, $" port {port}:") : "";
            yield return $"{Styles.Apply(Label(finding), ToneOf(finding), colour)} {Styles.Apply($"[{finding.Id}]", Tone.Dim, colour)}{where} {VisibleText.Line(finding.Problem)}";
            yield return VisibleText.Line($"  {Fix(finding)}");
        }

        yield return Summary(report, colour);
    }

    private static string Label(Finding finding) => finding switch
    {
        { Result.Done: true } => "fixed  ",
        { Severity: FindingSeverity.Error } => "error  ",
        { Severity: FindingSeverity.Warning } => "warning",
        _ => "info   ",
    };

    private static Tone ToneOf(Finding finding) => finding switch
    {
        { Result.Done: true } => Tone.Good,
        { Severity: FindingSeverity.Error } => Tone.Bad,
        { Severity: FindingSeverity.Warning } => Tone.Warning,
        _ => Tone.Dim,
    };

    private static string Fix(Finding finding) => finding switch
    {
        { Result: { } result } => result.Action,
        { SafeToFix: true } => $"fix: {finding.Fix} (provably safe: --fix does it)",
        _ => $"fix: {finding.Fix}",
    };

    private static string Summary(DiagnosisReport report, bool colour)
    {
        var running = report.Daemons.Count(d => d.Verdict == InspectionVerdict.Running);
        var daemons = running == 1 ? "1 daemon runs" : $"{running} daemons run";
        var isFixed = report.Findings.Count(f => f.Result is { Done: true });
        if (report.IsHealthy)
        {
            return $"{Styles.Apply(isFixed > 0 ? $"{isFixed} fixed, no problems left" : "no problems", Tone.Good, colour)}; {daemons} in {report.StateDirectory}";
        }

        var hint = report.Fixable > 0 ? $", {report.Fixable} of them provably safe to fix: monitor doctor --fix" : "";
        return $"{Styles.Apply(report.Problems == 1 ? "1 problem" : $"{report.Problems} problems", Tone.Bad, colour)}{(isFixed > 0 ? $" left ({isFixed} fixed)" : "")} in {report.StateDirectory}{hint}; {daemons}";
    }
}
