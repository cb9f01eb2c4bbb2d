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
    internal static string? WhyNot(string path) => OperatingSystem.IsWindows() ? null : Walk(path, links: 0);

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
        FileStatus.Of(path, follow: false) is { IsFile: true } status ? WhyNot(path, status, mayBeSticky: false) : null;

    [UnsupportedOSPlatform("windows")]
    private static string? Walk(string path, int links)
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
                    ? Foreign(current, status)
                    : Walk(Path.Combine([target, .. names[i..]]), links + 1);
            }

            if (WhyNot(current, status, mayBeSticky: !isLast) is { } reason)
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
    private static string? WhyNot(string path, FileStatus status, bool mayBeSticky)
    {
        if (status.BelongsToStranger)
        {
            return Foreign(path, status);
        }

        return !status.IsWritableByOthers || (mayBeSticky && status.IsSticky)
            ? null
            : $"{path} can be changed by other users (mode {FileStatus.Octal(status.Permissions)}), so nothing in it is believed; 'chmod go-w {path}' if you trust what is there, or use another --state-dir";
    }

    private static string Foreign(string path, FileStatus status) =>
        $"{path} belongs to another user (uid {status.Uid}), so nothing in it is believed; run as that user, or use another --state-dir";
}
