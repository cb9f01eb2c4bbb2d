using System.Globalization;
using System.Runtime.Versioning;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>
/// The words in front of a command that give it user, group, umask and limits: small programs of the system, each of which executes the next one
/// in its place. So the process keeps its PID, its descriptors and its lock. There is no fork in .NET in which this program could do it itself.
/// </summary>
internal static class LaunchPrefix
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(2);

    /// <summary>The words for a daemon; none where it needs none. <c>HOME</c>, <c>USER</c> and <c>LOGNAME</c> become those of its user.</summary>
    /// <exception cref="StartupFailedException">There is no such user, this program may not do it, or a program for it is missing.</exception>
    internal static IReadOnlyList<string> Of(DaemonSpec spec, Dictionary<string, string> environment)
    {
        var words = new List<string>();
        if (spec.Umask is { } umask)
        {
            Require(!OperatingSystem.IsWindows(), nameof(spec.Umask), "Linux or macOS");
            words.AddRange("/bin/sh", "-c", $"umask {umask} && exec \"$@\"", "sh");
        }

        if (spec.Limits?.Given().ToList() is { Count: > 0 } limits)
        {
            Require(OperatingSystem.IsLinux(), nameof(spec.Limits), "Linux");
            words.Add(Tool("prlimit"));
            words.AddRange(limits.Select(limit => LimitOption(limit.Key, limit.Option, limit.Resource, limit.Value)));
        }

        if (spec.User is not null || spec.Group is not null)
        {
            words.AddRange(OperatingSystem.IsLinux() ? Identity(spec, environment) : throw Unsupported(spec.User is null ? nameof(spec.Group) : nameof(spec.User), "Linux"));
        }

        return words;
    }

    /// <summary>Checks that the daemon's user may enter the working directory and execute the command. Root may do what another user may not.</summary>
    /// <exception cref="StartupFailedException">It may not.</exception>
    internal static void Require(LaunchPlan plan, DaemonSpec spec)
    {
        if (!OperatingSystem.IsLinux() || plan.Prefix.Count == 0 || (spec.User is null && spec.Group is null))
        {
            return;
        }

        const string check = "cd -- \"$1\" || exit 71; test -x \"$2\" || exit 72";
        var directory = plan.WorkingDirectory ?? Directory.GetCurrentDirectory();
        using var nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var pid = SpawnedProcess.Start(
            [.. plan.Prefix, "/bin/sh", "-c", check, "sh", directory, plan.Executable], plan.Environment, workingDirectory: "/", nowhere, instanceLock: null);
        var exit = pid > 0 && ProcessExits.OfChild(pid) is var exited && exited.Wait(CheckLimit) ? exited.Result : default(ProcessExit?);
        var problem = exit?.ExitCode switch
        {
            71 => $"may not enter its working directory {directory}",
            72 => $"may not execute {plan.Executable}, or may not enter one of its directories",
            _ => null,
        };
        if (problem is not null)
        {
            throw new StartupFailedException(StartupReason.PermissionDenied, $"the daemon's {(spec.User is null ? $"group '{spec.Group}'" : $"user '{spec.User}'")} {problem}");
        }
    }

    [SupportedOSPlatform("linux")]
    private static List<string> Identity(DaemonSpec spec, Dictionary<string, string> environment)
    {
        var account = spec.User is null ? null : UserAccount.Find(spec.User)
            ?? throw new StartupFailedException(StartupReason.InvalidConfiguration, $"there is no user '{spec.User}' on this machine") { IsPassing = true };
        var group = spec.Group is null ? account?.Gid : UserAccount.FindGroup(spec.Group)
            ?? throw new StartupFailedException(StartupReason.InvalidConfiguration, $"there is no group '{spec.Group}' on this machine") { IsPassing = true };
        if (account is not null)
        {
            SetUnlessGiven("HOME", account.Home);
            SetUnlessGiven("USER", account.Name);
            SetUnlessGiven("LOGNAME", account.Name);
        }

        var isOther = (account is not null && account.Uid != UserAccount.CurrentUid) || (group is { } gid && gid != UserAccount.CurrentGid);
        if (!isOther)
        {
            return [];
        }

        if (!UserAccount.MayChange)
        {
            throw new StartupFailedException(
                StartupReason.PermissionDenied,
                $"only root can run a daemon as {(account is null ? $"group '{spec.Group}'" : $"user '{spec.User}'")}; this program runs as uid {UserAccount.CurrentUid}{(UserAccount.CurrentUid == 0 ? " without the capabilities CAP_SETUID and CAP_SETGID" : "")}{HintForSystemd()}");
        }

        var words = new List<string> { Tool("setpriv") };
        words.Add(string.Create(CultureInfo.InvariantCulture, $"--regid={group}"));
        if (account is null)
        {
            words.Add("--keep-groups");
        }
        else
        {
            words.AddRange(string.Create(CultureInfo.InvariantCulture, $"--reuid={account.Uid}"), "--init-groups");
        }

        return words;

        void SetUnlessGiven(string name, string value)
        {
            if (!spec.Environment.ContainsKey(name))
            {
                environment[name] = value;
            }
        }
    }

    // systemd.exec(5): set for every service.
    [SupportedOSPlatform("linux")]
    private static string HintForSystemd() => string.IsNullOrEmpty(Environment.GetEnvironmentVariable("INVOCATION_ID")) ? ""
        : UserAccount.CurrentUid == 0 ? " (CapabilityBoundingSet= of its systemd unit must have both)"
        : " (remove the line 'User=' from its systemd unit, so that it runs as root)";

    private static string LimitOption(string key, string option, int resource, string value)
    {
        _ = ResourceLimits.TryParse(value, out _, out var hard);
        if (OperatingSystem.IsLinux() && hard > UserAccount.HardLimit(resource) && !UserAccount.MayRaiseLimits)
        {
            throw new StartupFailedException(StartupReason.PermissionDenied, $"{nameof(DaemonSpec.Limits)}:{key}: only root (CAP_SYS_RESOURCE) can raise the hard limit to {value}; this program has {UserAccount.HardLimit(resource)}");
        }

        return $"--{option}={value.Replace("infinity", "unlimited", StringComparison.Ordinal)}";
    }

    private static void Require(bool isSupported, string key, string systems)
    {
        if (!isSupported)
        {
            throw Unsupported(key, systems);
        }
    }

    private static StartupFailedException Unsupported(string key, string systems) => new(StartupReason.InvalidConfiguration, $"{key}: needs {systems}");

    // Not from the daemon's own PATH: the program runs as root.
    private static string Tool(string name) =>
        ExecutableLookup.Find(name, "/usr/bin:/bin:/usr/sbin:/sbin", "/", out _)
        ?? throw new StartupFailedException(StartupReason.CommandNotFound, $"there is no '{name}' in /usr/bin, /bin, /usr/sbin or /sbin; it is in the package util-linux");
}
