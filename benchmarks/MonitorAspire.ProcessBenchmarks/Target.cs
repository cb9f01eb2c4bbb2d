using MonitorAspire.ProcessBenchmarks.Fleets;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks;

/// <summary>What is measured: a supervisor, ours or another one, or the lower limit.</summary>
internal sealed record Target(string Name, Func<Workspace, IReadOnlyList<TinyDaemon>, Fleet> Create)
{
    public const string Bare = "bare";
    private const string OursPrefix = "ours-";

    public static readonly IReadOnlyList<string> Names = [Bare, "ours-jit", "ours-aot", "s6", "supervisord", "runit", "monit", "pm2"];

    /// <summary>The directory with our programs; <see langword="null"/> for others.</summary>
    public string? Programs { get; private init; }

    /// <summary>What a report says about the version.</summary>
    public string Version { get; private init; } = "";

    public static string ProgramsOf(string name) => Path.Combine(Repository.Artifacts, name[OursPrefix.Length..]);

    public static bool IsOurs(string name) => name.StartsWith(OursPrefix, StringComparison.Ordinal);

    /// <summary>The target of a name, or <see langword="null"/> where it is not installed.</summary>
    public static Target? Find(string name)
    {
        if (IsOurs(name))
        {
            var programs = ProgramsOf(name);
            return File.Exists(Path.Combine(programs, "monitor-aspire-supervisor"))
                ? new Target(name, (workspace, daemons) => new OursFleet(workspace, daemons, programs)) { Programs = programs, Version = Ours.Version(programs) }
                : null;
        }

        return name switch
        {
            Bare => new Target(name, (workspace, daemons) => new BareFleet(workspace, daemons)) { Version = "spawn, and probe every 0.1 ms" },
            "s6" => Installed("s6-svscan", "s6", (workspace, daemons) => new S6Fleet(workspace, daemons)),
            "supervisord" => Installed("supervisord", "supervisor", (workspace, daemons) => new SupervisordFleet(workspace, daemons)),
            "runit" => Installed("runsvdir", "runit", (workspace, daemons) => new RunitFleet(workspace, daemons)),
            "monit" => Installed("monit", "monit", (workspace, daemons) => new MonitFleet(workspace, daemons)),
            "pm2" => Pm2Fleet.Modules is null ? null : new Target(name, (workspace, daemons) => new Pm2Fleet(workspace, daemons)) { Version = Pm2Fleet.Version },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
        };

        Target? Installed(string program, string package, Func<Workspace, IReadOnlyList<TinyDaemon>, Fleet> create) => Commands.Find(program) is null
            ? null
            : new Target(name, create) { Version = Commands.Find("dpkg-query") is null ? "" : Commands.Run("dpkg-query", "-W", "-f=${Version}", package).Trim() };
    }
}
