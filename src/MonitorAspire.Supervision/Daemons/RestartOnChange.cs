using System.Diagnostics.CodeAnalysis;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Restarts a daemon when files change. It has setters because it is bound from configuration, and is not changed after that.</summary>
[SuppressMessage("Usage", "CA2227:Collection properties should be read only", Justification = "Options are bound from configuration.")]
public sealed record RestartOnChange
{
    /// <summary>
    /// Files and directories, relative to the working directory of the daemon. Symbolic links are followed. Of a directory all files below it
    /// count, except names that begin with <c>.</c> or end with <c>~</c>, and the directories <c>node_modules</c> and <c>__pycache__</c>.
    /// At least one.
    /// </summary>
    public IList<string> Paths { get; set; } = [];

    /// <summary>Time without a further change before the restart. 100 ms to 1 h. Default 1 s.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The first error, starting with the key, or <see langword="null"/>.</summary>
    internal string? Validate(LaunchMode launch) =>
        Paths.Count == 0 ? "Paths: there is no path"
        : Paths.FirstOrDefault(path => string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal)) is { } wrong ? $"Paths: '{FleetTopology.Shown(wrong)}' is not a path"
        : launch == LaunchMode.Attached && Paths.FirstOrDefault(path => !Path.IsPathRooted(path)) is { } relative
            ? $"Paths: '{FleetTopology.Shown(relative)}' is not absolute; the working directory of a daemon that an AppHost launches is not known"
        : PolicyRange.Outside(nameof(Delay), Delay, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
}
