using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>The directory with the files of all daemons of a user. It is per user and not per project, because a port is used on the whole machine.</summary>
public static class StateDirectory
{
    /// <summary>The environment variable for the state directory. An option overrides it.</summary>
    public const string EnvironmentVariable = "MONITOR_STATE_DIR";

    /// <summary>
    /// The state directory as an absolute path: <paramref name="explicitPath"/>, else <see cref="EnvironmentVariable"/>, else the
    /// per-user default. Creates nothing.
    /// </summary>
    /// <param name="explicitPath">The path from an option or the configuration; <see langword="null"/> or empty where there is none.</param>
    public static string Resolve(string? explicitPath = null)
    {
        var path = NullIfBlank(explicitPath) ?? NullIfBlank(Environment.GetEnvironmentVariable(EnvironmentVariable)) ?? Default();
        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }

    /// <summary>Why no state directory can be made at a path, whatever is done later; <see langword="null"/> where one can be.</summary>
    internal static string? WhyUnusable(string path)
    {
        // PATH_MAX of Linux includes the NUL at the end. The name of a temporary file is the longest one.
        const int longestPath = 4095;
        const int longestName = 255;
        const int longestFile = 80;
        if (!OperatingSystem.IsWindows())
        {
            if (Encoding.UTF8.GetByteCount(path) + longestFile > longestPath)
            {
                return $"the state directory has a path of {Encoding.UTF8.GetByteCount(path)} bytes, which is too long for its files; {longestPath - longestFile} are possible";
            }

            if (path.Split('/').FirstOrDefault(name => Encoding.UTF8.GetByteCount(name) > longestName) is { } name)
            {
                return $"the state directory has a name of {Encoding.UTF8.GetByteCount(name)} bytes in its path ({name[..20]}…); {longestName} are possible";
            }
        }

        for (var parent = path; parent is not null; parent = Path.GetDirectoryName(parent))
        {
            if (File.Exists(parent))
            {
                return parent == path
                    ? $"the state directory {path} is a file, not a directory"
                    : $"the state directory {path} cannot be made: {parent} is a file, not a directory";
            }

            if (Directory.Exists(parent))
            {
                break;
            }
        }

        return null;
    }

    /// <summary>
    /// Makes the directory, and its parents, with mode 0700 where they do not exist, as the XDG Base Directory Specification asks for. An existing one is
    /// checked and left as it is.
    /// </summary>
    /// <param name="stateDirectory">Absolute path.</param>
    /// <exception cref="UntrustedStateException">Other users can change the directory or a parent; nothing was made.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not make it.</exception>
    /// <exception cref="IOException">The path is not a directory, or the file system refuses.</exception>
    public static void Create(string stateDirectory)
    {
        EnsureTrusted(stateDirectory);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(stateDirectory);
            return;
        }

        CreatePrivate(stateDirectory);
    }

    // .NET gives the mode to the last directory only.
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static void CreatePrivate(string path)
    {
        if (Path.GetDirectoryName(path) is { } parent && !Path.Exists(parent))
        {
            CreatePrivate(parent);
        }

        Directory.CreateDirectory(path, FileStatus.PrivateDirectory);
    }

    /// <summary>
    /// Refuses a state directory that other users can change: the directory and each of its parents must belong to this user or to root,
    /// and no other user may write to them. Parents with the sticky bit, such as <c>/tmp</c>, are fine. Changes nothing. Linux and macOS only.
    /// </summary>
    /// <param name="stateDirectory">Absolute path; it need not exist.</param>
    /// <exception cref="UntrustedStateException">The message names the path that others can change, and the fix.</exception>
    public static void EnsureTrusted(string stateDirectory)
    {
        if (TrustedPath.WhyNot(stateDirectory) is { } reason)
        {
            throw new UntrustedStateException(reason);
        }
    }

    /// <summary>The name of the directory below it for the supervisors of <c>monitor up</c>.</summary>
    internal const string UpDirectory = "up";

    /// <summary>Whether a file or directory in a state directory is ours, by its name.</summary>
    internal static bool IsOurs(string fileName) =>
        fileName is UpDirectory or SupervisorFiles.TemporaryDirectoryName
        || fileName.StartsWith("monitor-daemon", StringComparison.Ordinal) || fileName.StartsWith(SupervisorFiles.Prefix, StringComparison.Ordinal);

    // XDG Base Directory Specification 0.8: $XDG_STATE_HOME, default ~/.local/state, and a relative value is to be ignored.
    private static string Default()
    {
        if (OperatingSystem.IsWindows())
        {
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "monitor-aspire");
        }

        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        if (OperatingSystem.IsMacOS())
        {
            return Path.Combine(home, "Library", "Application Support", "monitor-aspire");
        }

        var xdg = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        return Path.IsPathRooted(xdg)
            ? Path.Combine(xdg, "monitor-aspire")
            : Path.Combine(home, ".local", "state", "monitor-aspire");
    }

    private static string? NullIfBlank(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}
