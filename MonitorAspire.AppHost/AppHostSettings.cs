using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.AppHost;

/// <summary>All that one run of the AppHost was told, checked.</summary>
internal sealed record AppHostSettings
{
    /// <summary>Keys and values that the command line gave.</summary>
    public required IReadOnlyDictionary<string, string?> Given { get; init; }

    /// <summary>The daemons, in the order of the configuration.</summary>
    public required IReadOnlyList<DaemonSpec> Daemons { get; init; }

    /// <summary>The section <c>Monitors</c> as it is handed on to the supervisor: keys without the section's name.</summary>
    public required IReadOnlyDictionary<string, string?> Monitors { get; init; }

    /// <summary>Absolute path of the state directory.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Port of the supervisor on 127.0.0.1.</summary>
    public required int SupervisorPort { get; init; }

    /// <summary>Time limit of a verified start.</summary>
    public required TimeSpan StartTimeout { get; init; }

    /// <summary>Time between SIGTERM and SIGKILL.</summary>
    public required TimeSpan StopGracePeriod { get; init; }

    /// <summary>Whether there is to be a dashboard, and where.</summary>
    public required DashboardChoice Dashboard { get; init; }

    /// <summary>
    /// Where the AppHost keeps the files of its own children. Apart from those of the daemons, so that neither the supervisor
    /// nor <c>monitor doctor</c> takes them for daemons; one for each supervisor port, so that two AppHosts do not mix them up.
    /// </summary>
    public string OwnDirectory => Path.Combine(
        StateDirectory, "apphost", SupervisorPort.ToString(System.Globalization.CultureInfo.InvariantCulture));
}

/// <summary>What was said about the dashboard.</summary>
/// <param name="Wanted">False for <c>off</c>.</param>
/// <param name="Url">Where it is to be served, or <see langword="null"/> for its usual place or, where that is taken, a free port.</param>
internal sealed record DashboardChoice(bool Wanted, Uri? Url)
{
    /// <summary>Reads <c>auto</c>, <c>off</c> or an address; <see langword="null"/> and a reason where it is none of them.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="error">What is wrong with it.</param>
    public static DashboardChoice? Parse(string? text, out string? error)
    {
        error = null;
        switch (text?.Trim().ToLowerInvariant())
        {
            case null or "" or "auto":
                return new DashboardChoice(true, null);
            case "off":
                return new DashboardChoice(false, null);
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp || url.AbsolutePath != "/" || url.Port < 1)
        {
            error = $"--dashboard '{text}' is none of auto, off or an address like http://127.0.0.1:18888";
            return null;
        }

        if (!url.IsLoopback)
        {
            error = $"--dashboard '{text}' is not a loopback address; the dashboard shows logs and is served to this machine only";
            return null;
        }

        return new DashboardChoice(true, url);
    }
}
