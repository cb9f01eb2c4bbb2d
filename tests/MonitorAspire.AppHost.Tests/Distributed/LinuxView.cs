using System.Globalization;

namespace MonitorAspire.AppHost.Tests.Distributed;

/// <summary>What the kernel says about processes and ports, seen with other eyes than the product's.</summary>
internal static class LinuxView
{
    /// <summary>Whether the process itself listens on the port on 127.0.0.1.</summary>
    public static bool Listens(int pid, int port)
    {
        // Columns: "sl local_address rem_address st … inode" (the tenth); 0A is LISTEN, the address is little-endian hexadecimal.
        var local = $"0100007F:{port:X4}";
        var inodes = File.ReadLines($"/proc/{pid}/net/tcp").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns[1] == local && columns[3] == "0A")
            .Select(columns => $"socket:[{columns[9]}]")
            .ToHashSet();
        return Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Any(fd => new FileInfo(fd).LinkTarget is { } target && inodes.Contains(target));
    }

    /// <summary>Processes in whose command line or environment the text occurs, other than this one: PID and command line.</summary>
    public static IReadOnlyList<string> ProcessesWith(string text) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid != 0 && pid != Environment.ProcessId)
            .Where(pid => Read(pid, "cmdline").Contains(text, StringComparison.Ordinal) || Read(pid, "environ").Contains(text, StringComparison.Ordinal))
            .Select(pid => $"{pid}: {Read(pid, "cmdline").Replace('\0', ' ')}"),
    ];

    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has just ended, or it is another user's.
            return "";
        }
    }
}
