using System.Globalization;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Cli.Start;

/// <summary>The line for a start that succeeded.</summary>
internal static class StartupSuccess
{
    internal static string Describe(StartupReport report, bool colour)
    {
        var name = Styles.Apply(Printable.Line(report.Name), Tone.Strong, colour);
        var url = HostAddresses.Url(report.Host, report.Port);
        var pid = report.Pid?.ToString(CultureInfo.InvariantCulture) ?? "unknown";
        var ownership = report.OwnershipVerified ? "" : " (port ownership unverified: this platform cannot prove it)";
        return report.Verdict == StartupVerdict.AlreadyRunning
            ? $"{name} {Styles.Apply("already running", Tone.Good, colour)} and healthy: PID {pid}, port {report.Port}, {url}{ownership}"
            : $"{name} {Styles.Apply("running", Tone.Good, colour)}: PID {pid}, port {report.Port}, {url}, verified in {Durations.OfMilliseconds(report.TotalMs)}{ownership}";
    }
}
