using System.Runtime.Versioning;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>
/// Decides whether the content of a path may be believed. A user who can write to a file, to its directory or to a parent of that can
/// make this program signal a process or run a command of his choice.
/// </summary>
/// <remarks>
/// The rule is that of sshd for its keys (<c>safe_path</c> in OpenSSH's misc.c): the path and each of its parents belong to this user or
/// to root, and no other user may write to them. A parent with the sticky bit, such as <c>/tmp</c>, is accepted: there no user can replace
/// what belongs to another user.
/// </remarks>
internal static class TrustedPath
{
    // The limit of the Linux kernel for one path (path_resolution(7)).
    private const int MaximumLinks = 40;

    /// <summary>
    /// Why a path may not be believed, as a sentence that names the path and the fix; <see langword="null"/> when it may. The part of a
    /// path that does not exist yet cannot be wrong. Windows has no such modes: there the answer is always <see langword="null"/>.
    /// </summary>
    /// <param name="path">The path.</param>
    /// <param name="isState">Whether it is of a state directory, instead of which another one can be used. Default yes.</param>
    internal static string? WhyNot(string path, bool isState = true) => OperatingSystem.IsWindows() ? null : Walk(path, links: 0, isState);

    /// <summary>The same for what is believed of one daemon: the state directory, the record of its instance and its stored definition.</summary>
    internal static string? WhyNot(DaemonFiles files)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        return WhyNot(files.StateDirectory) ?? WhyNotFile(files.InstanceFile) ?? WhyNotFile(files.DefinitionFile);
    }

    [UnsupportedOSPlatform("windows")]
    private static string? WhyNotFile(string path) =>
        FileStatus.Of(path, follow: false) is { IsFile: true } status ? WhyNot(path, status, mayBeSticky: false, isState: true) : null;

    [UnsupportedOSPlatform("windows")]
    private static string? Walk(string path, int links, bool isState)
    {
        if (links > MaximumLinks)
        {
            return $"{path} has too many symbolic links";
        }

        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var current = "/";
        for (var i = 0; ; i++)
        {
            var isLast = i == names.Length;
            if (FileStatus.Of(current, follow: false) is not { } status)
            {
                return null;
            }

            if (status.IsLink)
            {
                // The owner of a link can make it point elsewhere. Its mode says nothing.
                var target = Path.GetFullPath(new FileInfo(current).LinkTarget ?? ".", Path.GetDirectoryName(current)!);
                return status.BelongsToStranger
                    ? Foreign(current, status, isState)
                    : Walk(Path.Combine([target, .. names[i..]]), links + 1, isState);
            }

            if (WhyNot(current, status, mayBeSticky: !isLast, isState) is { } reason)
            {
                return reason;
            }

            if (isLast)
            {
                return null;
            }

            current = Path.Combine(current, names[i]);
        }
    }

    [UnsupportedOSPlatform("windows")]
    private static string? WhyNot(string path, FileStatus status, bool mayBeSticky, bool isState)
    {
        if (status.BelongsToStranger)
        {
            return Foreign(path, status, isState);
        }

        return !status.IsWritableByOthers || (mayBeSticky && status.IsSticky)
            ? null
            : $"{path} can be changed by other users (mode {FileStatus.Octal(status.Permissions)}), so nothing in it is believed; 'chmod go-w {path}' if you trust what is there{(isState ? ", or use another --state-dir" : "")}";
    }

    [UnsupportedOSPlatform("windows")]
    private static string Foreign(string path, FileStatus status, bool isState) =>
        $"{path} belongs to another user (uid {status.Uid}), so nothing in it is believed; "
        + (isState ? "run as that user, or use another --state-dir" : $"'chown {LibC.geteuid()} {path}' if you trust what is there");
}
