namespace MonitorAspire.Cli.Up;

/// <summary>What <c>monitor up</c> was told.</summary>
internal sealed record UpSettings
{
    /// <summary>Absolute path of the state directory.</summary>
    internal required string StateDirectory { get; init; }

    /// <summary>Port of the supervisor on 127.0.0.1.</summary>
    internal required int SupervisorPort { get; init; }

    /// <summary>Command line of the supervisor, without address and port.</summary>
    internal required IReadOnlyList<string> SupervisorArguments { get; init; }

    /// <summary>Whether there is to be a dashboard.</summary>
    internal required bool Dashboard { get; init; }

    /// <summary>Where the dashboard is to be; <see langword="null"/> for its usual port or, if that is taken, a free one.</summary>
    internal Uri? DashboardAddress { get; init; }

    /// <summary>Whether standard output is one JSON document.</summary>
    internal required bool Json { get; init; }

    /// <summary>Ports that the command line gives to daemons. Those of a file are not known here.</summary>
    internal required IEnumerable<int> DaemonPorts { get; init; }
}
