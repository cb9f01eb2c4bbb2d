using System.Globalization;

namespace MonitorAspire.AppHost.Tests.Distributed;

/// <summary>Reads processes and ports from /proc without using the product's code.</summary>
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

    /// <summary>PID and command line of each other process whose command line or environment contains the text.</summary>
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
            // The process has just ended, or it belongs to another user.
            return "";
        }
    }
}
